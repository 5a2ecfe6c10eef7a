/** Who may ask now, and how much: every limit in its order, each refusal a value that names it. */

import type { Fault } from "./core/fault.ts";
import { perMinute } from "./core/gcra.ts";
import type { AddressLimits, Plan } from "./core/keys-file.ts";
import {
  type Headers,
  noSlot,
  quotaExhausted,
  quotaHeaders,
  rateHeaders,
  rateLimited,
  sideBySide,
} from "./core/limit-told.ts";
import { remaining, resetMs } from "./core/quota.ts";
import type { LimitStore, Slot } from "./stores/limit-store.ts";

/** Whoever asks, once known. */
export interface Principal {
  readonly id: string;
  readonly digest: string;
  readonly planName: string;
  readonly plan: Plan;
  readonly models: readonly string[] | undefined;
}

/** Tokens that a request asks for. */
export interface Want {
  readonly promptTokens: number;
  /** For each choice; infinite where the client names no bound, 0 where there is no output. */
  readonly outputTokens: number;
  readonly choices: number;
}

/** Leave to ask upstream. */
export interface Grant {
  /** The most output tokens that each choice may have. */
  readonly maxTokens: number;
  /** Gives the slots back and counts the tokens; called exactly once. */
  readonly settle: (usedTokens: number) => void;
}

/** Decides; a Fault returned is a refusal, ready to be told. */
export interface Admission {
  /** Any request from an address. */
  address(address: string): Promise<Fault | undefined>;
  /** Whether wrong keys from this address are still listened to. */
  failedAuth(address: string): Promise<Fault | undefined>;
  countFailedAuth(address: string): Promise<void>;
  /** @returns the headers that tell the principal what is left */
  request(principal: Principal): Promise<Fault | Headers>;
  /** @param giveWay ends a stream of the principal's that nobody reads; false where there is none */
  completion(
    principal: Principal,
    address: string,
    want: Want,
    giveWay: () => Promise<boolean>,
  ): Promise<Fault | Grant>;
  /** The body of `GET /v1/usage`. */
  usage(principal: Principal): Promise<Record<string, unknown>>;
}

/** Whose places the slots of a completion are, in the order in which they are taken. */
const WHOSE = ["address", "key", "server"] as const;

/** @param parts.addressLimits read at each decision, as a changed KEYS_FILE changes them */
export function createAdmission(parts: {
  readonly limits: LimitStore;
  readonly addressLimits: () => AddressLimits;
  readonly maxStreams: number;
  readonly clock: () => number;
}): Admission {
  const { limits, addressLimits, clock } = parts;
  const failedAuthRate = () => {
    const { failedAuthPerMinute: each } = addressLimits();
    return perMinute(each, each);
  };

  async function acquire(
    slots: readonly Slot[],
    giveWay: () => Promise<boolean>,
  ): Promise<Slot | undefined> {
    const full = await limits.acquire(slots);
    if (full === undefined || full !== slots[1] || !(await giveWay())) return full;
    return limits.acquire(slots);
  }

  return {
    async address(address) {
      const { requestsPerMinute, burst } = addressLimits();
      const decision = await limits.rate(
        `rate:address:${address}`,
        perMinute(requestsPerMinute, burst),
        1,
      );
      if (decision.allowed) return undefined;
      return rateLimited("address", "requests from this address", requestsPerMinute, decision);
    },
    async failedAuth(address) {
      const decision = await limits.rate(`failed:${address}`, failedAuthRate(), 0);
      if (decision.remaining > 0) return undefined;
      const { failedAuthPerMinute } = addressLimits();
      const waitMs = 60_000 / failedAuthPerMinute;
      const what = "failed authentications from this address";
      return rateLimited("failed-auth", what, failedAuthPerMinute, {
        ...decision,
        retryAfterMs: waitMs,
      });
    },
    async countFailedAuth(address) {
      await limits.rate(`failed:${address}`, failedAuthRate(), 1);
    },
    async request({ id, plan }) {
      const rate = perMinute(plan.requestsPerMinute, plan.burst);
      const decision = await limits.rate(`rate:principal:${id}`, rate, 1);
      if (!decision.allowed)
        return rateLimited("requests", "requests", plan.requestsPerMinute, decision);
      const { quota } = await limits.usage(`streams:principal:${id}`, `tokens:${id}`);
      return sideBySide(
        rateHeaders("requests", plan.requestsPerMinute, decision),
        quotaHeaders(plan, remaining(quota, plan.tokensPerDay), clock()),
      );
    },
    async completion({ id, plan }, address, want, giveWay) {
      const slots: Slot[] = [
        { key: `streams:address:${address}`, limit: addressLimits().concurrentStreams },
        { key: `streams:principal:${id}`, limit: plan.concurrentStreams },
        { key: "streams:process", limit: parts.maxStreams },
      ];
      const full = await acquire(slots, giveWay);
      if (full !== undefined) return noSlot(WHOSE[slots.indexOf(full)] ?? "server", full.limit);
      const { promptTokens, choices } = want;
      const hasOutput = want.outputTokens > 0;
      const most = Math.max(
        1,
        Math.min(want.outputTokens, Math.floor(plan.maxOutputTokens / choices)),
      );
      const held = await limits.reserve(
        `tokens:${id}`,
        plan.tokensPerDay,
        promptTokens + (hasOutput ? choices : 0),
        promptTokens + (hasOutput ? choices * most : 0),
      );
      if (held === undefined) {
        await limits.release(slots);
        return quotaExhausted(plan, promptTokens, clock());
      }
      return {
        maxTokens: Math.floor((held.tokens - promptTokens) / choices),
        settle(usedTokens) {
          // A store that is away has its own recovery: leases end, and reserved tokens with the day.
          limits.release(slots).catch(() => {});
          limits.settle(`tokens:${id}`, held, usedTokens).catch(() => {});
        },
      };
    },
    async usage({ id, plan, planName }) {
      const rate = perMinute(plan.requestsPerMinute, plan.burst);
      const decision = await limits.rate(`rate:principal:${id}`, rate, 0);
      const { streams, quota } = await limits.usage(`streams:principal:${id}`, `tokens:${id}`);
      return {
        principal: id,
        plan: planName,
        limits: plan,
        used: {
          requests: plan.burst - decision.remaining,
          streams,
          tokens: quota.used + quota.reserved,
        },
        resets_at: new Date(clock() + resetMs(clock())).toISOString(),
      };
    },
  };
}
