/** Daily tokens: reserve what a request may cost, settle what it did cost. Days are UTC. */

export const DAY_MS = 86_400_000;

/** Tokens of one principal on one day. */
export interface QuotaState {
  /** Days since the epoch. */
  readonly day: number;
  /** Settled tokens. */
  readonly used: number;
  /** Tokens held by requests under way. */
  readonly reserved: number;
}

/** Tokens held for one request; settled exactly once, on the day it was reserved. */
export interface Reservation {
  readonly day: number;
  readonly tokens: number;
}

/**
 * The quota of the day that it is now; an older one is over and starts from nothing. One of tomorrow
 * stays in force: the clock went back over midnight, and a day's tokens are not given out twice.
 */
export function today(state: QuotaState | undefined, nowMs: number): QuotaState {
  const day = Math.floor(nowMs / DAY_MS);
  return state?.day === day || state?.day === day + 1 ? state : { day, used: 0, reserved: 0 };
}

/** Tokens that may still be asked for; never below 0, though a prompt may overdraw `used`. */
export function remaining(state: QuotaState, limit: number): number {
  return Math.max(0, limit - state.used - state.reserved);
}

/** Until the quota is whole again: midnight UTC. */
export function resetMs(nowMs: number): number {
  return DAY_MS - (nowMs % DAY_MS);
}

/**
 * Holds tokens for a request: all that it may use, or what is left where that is enough to start.
 * @param least tokens without which there is no point in asking
 * @param most tokens that the request may use at the very most
 * @returns the new state and the tokens held, or undefined when fewer than `least` are left
 */
export function reserve(
  state: QuotaState,
  limit: number,
  least: number,
  most: number,
): { readonly state: QuotaState; readonly tokens: number } | undefined {
  const tokens = Math.min(most, remaining(state, limit));
  if (tokens < least) return undefined;
  return { state: { ...state, reserved: state.reserved + tokens }, tokens };
}

/**
 * Gives a reservation back and counts what was used; one from a day that is over changes nothing.
 * A state that was forgotten in between holds nothing that could be given back.
 */
export function settle(state: QuotaState, held: Reservation, usedTokens: number): QuotaState {
  if (held.day !== state.day) return state;
  const reserved = Math.max(0, state.reserved - held.tokens);
  return { day: state.day, used: state.used + usedTokens, reserved };
}
