/** What an upstream status other than 200 means here: an outcome, and whether to ask once more. */

import { ERROR_BODY_BYTES, ERROR_MESSAGE_CHARS, NAME_CHARS } from "../core/bounds.ts";
import { errorOf, isObject, textOf } from "../core/chunk.ts";
import { type Failure, failure } from "../core/fault.ts";
import { readBounded } from "./read-bounded.ts";

/** A refusal by upstream. */
export interface Refusal {
  readonly failure: Failure;
  /** Worth a second attempt: nothing was answered, and it may go well elsewhere or later. */
  readonly isRetryable: boolean;
  /** Upstream's own `retry-after`. */
  readonly retryAfterMs: number | undefined;
  /** The key is what was refused. */
  readonly isOnKey: boolean;
  /** Upstream's name for this exchange, for the log. */
  readonly correlationId?: string | undefined;
}

/** Capacity, whatever the status it comes under: upstream is full, and it is not the caller's quota. */
const CAPACITY = "service_tier_capacity_exceeded";

/**
 * Reads upstream's error. Its message goes to the client only where the client caused it.
 * @param response any status but 2xx; its body is read up to a bound, the rest dropped
 * @param nowMs for a `retry-after` that is a date
 * @param key the key that was asked with; an upstream that echoes it must not show it to a client
 */
export async function readRefusal(
  response: Response,
  nowMs: number,
  key: string | undefined,
): Promise<Refusal> {
  return { ...(await judge(response, nowMs, key)), correlationId: correlationIdOf(response) };
}

/** Mistral's name for an exchange, which its support asks for. */
export function correlationIdOf({ headers }: Response): string | undefined {
  return headers.get("mistral-correlation-id")?.slice(0, NAME_CHARS);
}

async function judge(response: Response, nowMs: number, key: string | undefined): Promise<Refusal> {
  const { status, headers } = response;
  const retryAfterMs = parseRetryAfter(headers.get("retry-after"), nowMs);
  const body = await readBounded(response, ERROR_BODY_BYTES);
  const message = messageOf(body, status, key);
  if (status === 429 || body.includes(CAPACITY)) {
    const isInPlan = headers.get("x-ratelimit-limit-req-minute") !== "0";
    return limited(message, retryAfterMs, isInPlan, !body.includes(CAPACITY));
  }
  if (status === 401 || (status === 403 && isAboutKey(body))) {
    return plain(failure("upstream_auth", "Upstream refused this server's own API key."), true);
  }
  if (status >= 400 && status < 500) return plain(failure("upstream_rejected", message), false);
  const what = status === 200 ? "something of another type than was asked for" : status;
  const failed = failure("upstream_failed", `Upstream answered ${what}.`, {
    headers: retryAfter(retryAfterMs),
  });
  return { failure: failed, isRetryable: status >= 500, retryAfterMs, isOnKey: false };
}

function plain(failed: Failure, isOnKey: boolean): Refusal {
  return { failure: failed, isRetryable: isOnKey, retryAfterMs: undefined, isOnKey };
}

function limited(
  message: string,
  retryAfterMs: number | undefined,
  isInPlan: boolean,
  isOnKey: boolean,
): Refusal {
  const headers = {
    ...retryAfter(retryAfterMs),
    ...(isInPlan ? {} : { "x-should-retry": "false" }),
  };
  const failed = failure("upstream_limited", message, { headers, retryable: isInPlan });
  return { failure: failed, isRetryable: isInPlan, retryAfterMs, isOnKey };
}

function retryAfter(ms: number | undefined): Record<string, string> {
  return ms === undefined ? {} : { "retry-after": String(Math.ceil(ms / 1000)) };
}

/** Upstream's 403 is a guardrail's block unless it speaks of who asks. */
function isAboutKey(body: string): boolean {
  if (/guardrail|moderation|policy/i.test(body)) return false;
  return (
    body === "" || /"detail"|unauthori[sz]ed|api.?key|credential|permission|forbidden/i.test(body)
  );
}

function messageOf(body: string, status: number, key: string | undefined): string {
  let text = body.trim();
  try {
    const parsed: unknown = JSON.parse(body);
    if (isObject(parsed))
      text = errorOf(parsed) ?? textOf(parsed["message"]) ?? textOf(parsed["detail"]) ?? text;
  } catch {
    // Some servers in between answer in plain text or HTML; that is shown as it is, cut short.
  }
  // Cut after that, or the half of a key could be left at the end.
  text = redact(text, key).slice(0, ERROR_MESSAGE_CHARS);
  return text === "" ? `Upstream answered ${status}.` : text;
}

/** Takes the key that was asked with out of upstream's words: some servers echo it. */
export function redact(words: string, key: string | undefined): string {
  return key === undefined ? words : words.replaceAll(key, "[redacted]");
}

/** RFC 9110, section 10.2.3: seconds, or a date. */
function parseRetryAfter(value: string | null, nowMs: number): number | undefined {
  if (value === null) return undefined;
  if (/^\d{1,9}(\.\d+)?$/.test(value)) return Number(value) * 1000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}
