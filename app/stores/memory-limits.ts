/** Limits in the memory of this process. Every decision is one synchronous step, hence atomic. */

import { LIMIT_ENTRIES } from "../core/bounds.ts";
import { decideRate } from "../core/gcra.ts";
import * as quota from "../core/quota.ts";
import type { LimitStore } from "./limit-store.ts";

/** @param clock milliseconds since the epoch */
export function createMemoryLimits(clock: () => number, entries = LIMIT_ENTRIES): LimitStore {
  const tats = createTable<number>(entries);
  const quotas = createTable<quota.QuotaState>(entries);
  // Needs no bound of its own: each entry is held by an open stream, and those are bounded.
  const taken = new Map<string, number>();

  return {
    async rate(key, rate, cost) {
      const decision = decideRate(tats.get(key), clock(), rate, cost);
      if (cost > 0) tats.set(key, decision.tatMs);
      return decision;
    },
    async acquire(slots) {
      const full = slots.find((slot) => (taken.get(slot.key) ?? 0) >= slot.limit);
      if (full !== undefined) return full;
      for (const { key } of slots) taken.set(key, (taken.get(key) ?? 0) + 1);
      return undefined;
    },
    async release(slots) {
      for (const { key } of slots) {
        const left = (taken.get(key) ?? 0) - 1;
        if (left > 0) taken.set(key, left);
        else taken.delete(key);
      }
    },
    async reserve(key, limit, least, most) {
      const state = quota.today(quotas.get(key), clock());
      const held = quota.reserve(state, limit, least, most);
      if (held === undefined) return undefined;
      quotas.set(key, held.state);
      return { day: state.day, tokens: held.tokens };
    },
    async settle(key, held, usedTokens) {
      quotas.set(key, quota.settle(quota.today(quotas.get(key), clock()), held, usedTokens));
    },
    async usage(slotKey, quotaKey) {
      const state = quota.today(quotas.get(quotaKey), clock());
      return { streams: taken.get(slotKey) ?? 0, quota: state };
    },
  };
}

/** A map that forgets whatever was not touched for longest once it is full. */
function createTable<T>(entries: number) {
  const map = new Map<string, T>();
  // One iterator for good: a new one would first step over all that was deleted before it.
  const idlest = map.keys();
  return {
    get: (key: string) => map.get(key),
    set(key: string, value: T) {
      // A map keeps the order of insertion, so taking an entry out and in again makes it the newest.
      map.delete(key);
      map.set(key, value);
      if (map.size > entries) map.delete(idlest.next().value as string);
    },
  };
}
