/** How limits are told: in headers, and in refusals that say what is left and when to come back. */

import { SLOT_RETRY_SECONDS } from "./bounds.ts";
import { Fault } from "./fault.ts";
import type { RateDecision } from "./gcra.ts";
import type { Plan } from "./keys-file.ts";
import { DAY_MS, resetMs } from "./quota.ts";

/** Response headers by name. */
export type Headers = Readonly<Record<string, string>>;

/** No place for one more stream. @param whose limit it is */
export function noSlot(whose: "address" | "key" | "server", limit: number): Fault {
  const headers = { "retry-after": String(SLOT_RETRY_SECONDS) };
  if (whose === "server") {
    return new Fault("overloaded", "This server has as many streams open as it may.", { headers });
  }
  const advice = "end one, or come back when one has ended";
  return new Fault("too_many_streams", `This ${whose} has its ${limit} streams open; ${advice}.`, {
    headers,
  });
}

/** Too many requests. @param policy the name that the headers use */
export function rateLimited(
  policy: string,
  what: string,
  perMinute: number,
  decision: RateDecision,
): Fault {
  const seconds = Math.max(1, Math.ceil(decision.retryAfterMs / 1000));
  return new Fault(
    "rate_limited",
    `More than ${perMinute} ${what} a minute; come back in ${seconds} s.`,
    {
      headers: { ...rateHeaders(policy, perMinute, decision), "retry-after": String(seconds) },
    },
  );
}

/** The tokens of the day do not have room for this request; trying again today is no use. */
export function quotaExhausted(plan: Plan, promptTokens: number, nowMs: number): Fault {
  const seconds = Math.ceil(resetMs(nowMs) / 1000);
  const message =
    `The ${plan.tokensPerDay} tokens of this UTC day do not have room for this request ` +
    `(about ${promptTokens} tokens and an answer); they are new in ${seconds} s.`;
  return new Fault("quota_exhausted", message, {
    headers: {
      ...quotaHeaders(plan, 0, nowMs),
      "retry-after": String(seconds),
      "x-should-retry": "false",
    },
  });
}

/** What is left of a rate (IETF draft-ietf-httpapi-ratelimit-headers-10). */
export function rateHeaders(policy: string, perMinute: number, decision: RateDecision): Headers {
  const left = `r=${decision.remaining};t=${Math.ceil(decision.resetMs / 1000)}`;
  return {
    "ratelimit-policy": `"${policy}";q=${perMinute};w=60`,
    ratelimit: `"${policy}";${left}`,
  };
}

/** What is left of the day's tokens, in the same form. */
export function quotaHeaders(plan: Plan, left: number, nowMs: number): Headers {
  return {
    "ratelimit-policy": `"tokens";q=${plan.tokensPerDay};w=${DAY_MS / 1000}`,
    ratelimit: `"tokens";r=${left};t=${Math.ceil(resetMs(nowMs) / 1000)}`,
  };
}

/** Two policies in one pair of headers. */
export function sideBySide(a: Headers, b: Headers): Headers {
  return Object.fromEntries(Object.keys(a).map((name) => [name, `${a[name]}, ${b[name]}`]));
}
