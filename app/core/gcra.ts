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
  const limit = nowMs + rate.burst * rate.intervalMs;
  // A tat beyond the limit comes from a clock that went back; an empty bucket is all that it proves.
  const base = Math.min(Math.max(tatMs ?? nowMs, nowMs), limit);
  const next = base + cost * rate.intervalMs;
  // Today's times are exact to a quarter of a microsecond, and their sums drift; so little is no request.
  const slack = Math.min(rate.intervalMs / 100, 0.1);
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
