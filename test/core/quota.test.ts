import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  DAY_MS,
  type QuotaState,
  type Reservation,
  remaining,
  reserve,
  resetMs,
  settle,
  today,
} from "../../app/core/quota.ts";

const NOON = 20_000 * DAY_MS + DAY_MS / 2;
const fresh = today(undefined, NOON);

/** What clients do: ask for a share of the limit, settle one of the open ones, or let time pass. */
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      ask: fc.integer({ min: 1, max: 500 }),
      least: fc.integer({ min: 1, max: 100 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ settle: fc.nat(), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
  },
  { weight: 1, arbitrary: fc.record({ passMs: fc.integer({ min: 0, max: DAY_MS }) }) },
);

describe("the quota of a day", () => {
  test("never lets more than the limit be held and used, where no request overdraws", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2000 }),
        fc.array(step, { maxLength: 80 }),
        (limit, steps) => {
          let now = NOON;
          let state = fresh;
          const open: Reservation[] = [];
          for (const one of steps) {
            state = today(state, now);
            if ("ask" in one) {
              const held = reserve(state, limit, one.least, Math.max(one.ask, one.least));
              if (held === undefined) expect(remaining(state, limit)).toBeLessThan(one.least);
              else {
                expect(held.tokens).toBeGreaterThanOrEqual(one.least);
                expect(held.tokens).toBeLessThanOrEqual(Math.max(one.ask, one.least));
                open.push({ day: state.day, tokens: held.tokens });
                state = held.state;
              }
            } else if ("settle" in one) {
              const [held] = open.splice(one.settle % Math.max(1, open.length), 1);
              if (held !== undefined)
                state = settle(state, held, Math.floor(held.tokens * one.share));
            } else now += one.passMs;
            expect(state.used + state.reserved).toBeLessThanOrEqual(limit);
            const held = open
              .filter((one) => one.day === state.day)
              .reduce((sum, one) => sum + one.tokens, 0);
            expect(state.reserved).toBe(held);
          }
        },
      ),
    );
  });

  test("balances: when all is settled nothing is held, and what was used is what was told", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 1, max: 1e6 }), fc.nat(1e6))), (requests) => {
        const held = requests.map(([tokens]) => ({ day: fresh.day, tokens }));
        const taken: QuotaState = {
          ...fresh,
          reserved: held.reduce((sum, one) => sum + one.tokens, 0),
        };
        const end = requests.reduce(
          (state, [, used], i) => settle(state, held[i] as Reservation, used),
          taken,
        );
        expect(end).toEqual({ ...fresh, used: requests.reduce((sum, [, used]) => sum + used, 0) });
      }),
    );
  });

  test.each([
    ["more than is left is cut to it", 100, 10, 500, 100],
    ["what is left is enough to start", 10, 10, 500, 10],
    ["less than is needed is refused", 9, 10, 500, undefined],
    ["exactly what is asked", 100, 10, 20, 20],
  ])("%s", (_, limit, least, most, tokens) => {
    expect(reserve(fresh, limit, least, most)?.tokens).toBe(tokens as number);
  });

  test("is never below nothing when a prompt overdrew it", () => {
    const overdrawn = settle({ ...fresh, reserved: 10 }, { day: fresh.day, tokens: 10 }, 500);
    expect(remaining(overdrawn, 100)).toBe(0);
    expect(reserve(overdrawn, 100, 1, 1)).toBeUndefined();
  });

  test("does not count what belongs to a day that is over", () => {
    const tomorrow = today({ ...fresh, used: 7, reserved: 30 }, NOON + DAY_MS);
    expect(tomorrow).toEqual({ day: fresh.day + 1, used: 0, reserved: 0 });
    expect(settle(tomorrow, { day: fresh.day, tokens: 30 }, 20)).toEqual(tomorrow);
  });

  test("is not whole again when the clock goes back over midnight", () => {
    const spent = { ...today(undefined, NOON + DAY_MS), used: 100 };
    expect(today(spent, NOON)).toEqual(spent);
    expect(remaining(today(today(spent, NOON), NOON + DAY_MS), 100)).toBe(0);
  });

  test("comes back when a clock that was far ahead is set right", () => {
    expect(today({ ...fresh, day: fresh.day + 300, used: 100 }, NOON)).toEqual(fresh);
  });

  test("never holds less than nothing, when its state was forgotten in between", () => {
    expect(settle(fresh, { day: fresh.day, tokens: 50 }, 20)).toEqual({ ...fresh, used: 20 });
  });

  test("is whole again at midnight UTC", () => {
    expect(resetMs(Date.UTC(2026, 0, 1))).toBe(DAY_MS);
    expect(resetMs(Date.UTC(2026, 0, 1, 23, 59, 59))).toBe(1000);
  });
});
