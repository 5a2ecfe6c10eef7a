/** The seam behind which limits are kept: in this process, or in Redis for all of them. */

import type { Rate, RateDecision } from "../core/gcra.ts";
import type { QuotaState, Reservation } from "../core/quota.ts";

/** One of the places that a stream takes: `key` says whose, `limit` how many there are. */
export interface Slot {
  readonly key: string;
  readonly limit: number;
}

/** Every method decides atomically. Refusals are values; a rejection means that the store is away. */
export interface LimitStore {
  /** Decides one request under a rate; `cost` 0 only looks. */
  rate(key: string, rate: Rate, cost: number): Promise<RateDecision>;
  /** Takes all slots or none. @returns the first that is full, or undefined when all were taken */
  acquire(slots: readonly Slot[]): Promise<Slot | undefined>;
  release(slots: readonly Slot[]): Promise<void>;
  /** Holds between `least` and `most` tokens of a daily quota, or undefined when `least` is not left. */
  reserve(
    key: string,
    limit: number,
    least: number,
    most: number,
  ): Promise<Reservation | undefined>;
  /** Gives a reservation back and counts what was really used. */
  settle(key: string, held: Reservation, usedTokens: number): Promise<void>;
  /** What is used now: streams open under a slot's key, and tokens of the day. */
  usage(
    slotKey: string,
    quotaKey: string,
  ): Promise<{ readonly streams: number; readonly quota: QuotaState }>;
}
