/**
 * The generic cell rate algorithm (ITU-T I.371, "virtual scheduling"): one number a key, no windows.
 * The theoretical arrival time (tat) is when the bucket would be empty again.
 */

/** A rate: `burst` at once, then one every `intervalMs`. */
export interface Rate {
  readonly intervalMs: number;
  readonly burst: number;
}

/** What was decided, and what a client is told of it. */
export interface RateDecision {
  readonly allowed: boolean;
  /** The tat to store; unchanged where the request was refused. */
  readonly tatMs: number;
  /** Requests that would pass now, after this one. */
  readonly remaining: number;
  /** Until the request would pass; 0 where it did. */
  readonly retryAfterMs: number;
  /** Until the whole burst is there again. */
  readonly resetMs: number;
}

/** A rate per minute as GCRA takes it. */
export function perMinute(requestsPerMinute: number, burst: number): Rate {
  return { intervalMs: 60_000 / requestsPerMinute, burst };
}

/**
 * Decides one request. Over any time t at most `burst + t / intervalMs` requests of cost 1 pass.
 * @param tatMs the stored tat, or undefined for a key not seen (or idle, which is the same)
 * @param cost cells that the request takes; 0 only looks
 */
export function decideRate(
  tatMs: number | undefined,
  nowMs: number,
  rate: Rate,
  cost: number,
): RateDecision {
  const base = Math.max(tatMs ?? nowMs, nowMs);
  const next = base + cost * rate.intervalMs;
  const limit = nowMs + rate.burst * rate.intervalMs;
  // Sums of fractions of a millisecond drift; a billionth of an interval is no request.
  const slack = rate.intervalMs * 1e-9;
  const allowed = next <= limit + slack;
  const tat = allowed ? next : base;
  return {
    allowed,
    tatMs: tat,
    remaining: Math.max(0, Math.floor((limit - tat + slack) / rate.intervalMs)),
    retryAfterMs: allowed ? 0 : next - limit,
    resetMs: tat - nowMs,
  };
}
