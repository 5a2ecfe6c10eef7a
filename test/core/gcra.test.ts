import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { decideRate, perMinute, type Rate } from "../../app/core/gcra.ts";

const rate = fc.record({
  intervalMs: fc.double({ min: 1, max: 1e6, noNaN: true }),
  burst: fc.integer({ min: 1, max: 50 }),
});
/** Waits between requests, as shares of the interval. */
const waits = fc.array(fc.oneof(fc.constant(0), fc.double({ min: 0, max: 3, noNaN: true })), {
  maxLength: 150,
});

/** The times at which requests passed. */
function run(rate: Rate, gapsMs: readonly number[], startMs = 1.7e12): number[] {
  const passed: number[] = [];
  let tat: number | undefined;
  let now = startMs;
  for (const gapMs of gapsMs) {
    now += gapMs;
    const decision = decideRate(tat, now, rate, 1);
    tat = decision.tatMs;
    if (decision.allowed) passed.push(now);
  }
  return passed;
}

describe("GCRA", () => {
  test("never lets more than burst and rate times t pass, in any window", () => {
    fc.assert(
      fc.property(rate, waits, (rate, shares) => {
        const passed = run(
          rate,
          shares.map((share) => share * rate.intervalMs),
        );
        for (let from = 0; from < passed.length; from++) {
          for (let to = from; to < passed.length; to++) {
            const t = (passed[to] as number) - (passed[from] as number);
            expect(to - from + 1).toBeLessThanOrEqual(rate.burst + t / rate.intervalMs + 0.01);
          }
        }
      }),
    );
  });

  test("never refuses a client that asks no faster than the rate", () => {
    fc.assert(
      fc.property(rate, fc.integer({ min: 1, max: 300 }), (rate, n) => {
        expect(run(rate, Array(n).fill(rate.intervalMs * 1.000001))).toHaveLength(n);
      }),
    );
  });

  test("lets a whole burst pass at once, and again after its time", () => {
    fc.assert(
      fc.property(rate, (rate) => {
        const gaps: number[] = Array(rate.burst + 5).fill(0);
        expect(run(rate, gaps)).toHaveLength(rate.burst);
        const again = [...gaps, rate.burst * rate.intervalMs * 1.000001, ...gaps];
        expect(run(rate, again)).toHaveLength(2 * rate.burst);
      }),
    );
  });

  test("loses no request of a burst to rounding, at any rate", () => {
    for (let perMinuteCount = 1; perMinuteCount <= 3000; perMinuteCount++) {
      expect(run(perMinute(perMinuteCount, 50), Array(60).fill(0))).toHaveLength(50);
    }
  });

  test("says truly how many requests are left and when the next one passes", () => {
    fc.assert(
      fc.property(rate, waits, (rate, shares) => {
        let tat: number | undefined;
        let now = 1.7e12;
        for (const share of shares) {
          now += share * rate.intervalMs;
          const decision = decideRate(tat, now, rate, 1);
          tat = decision.tatMs;
          let left = 0;
          for (let peek = tat, more = true; more; ) {
            const next = decideRate(peek, now, rate, 1);
            more = next.allowed;
            if (more) left += 1;
            peek = next.tatMs;
          }
          expect(decision.remaining).toBe(left);
          const then = decideRate(
            tat,
            now + decision.retryAfterMs + rate.intervalMs * 1e-3,
            rate,
            1,
          );
          if (!decision.allowed) expect(then.allowed).toBe(true);
        }
      }),
      { numRuns: 50 },
    );
  });

  test("only looks at a cost of 0", () => {
    const minute = perMinute(60, 2);
    const spent = decideRate(undefined, 0, minute, 2);
    expect(spent).toMatchObject({ allowed: true, remaining: 0, retryAfterMs: 0, resetMs: 2000 });
    expect(decideRate(spent.tatMs, 0, minute, 0)).toMatchObject({
      remaining: 0,
      tatMs: spent.tatMs,
    });
    expect(decideRate(spent.tatMs, 0, minute, 1)).toMatchObject({
      allowed: false,
      retryAfterMs: 1000,
    });
  });

  test("shuts nobody out for longer than a burst takes after the clock went back", () => {
    fc.assert(
      fc.property(rate, fc.integer({ min: 1, max: 1e12 }), (rate, backMs) => {
        const now = 1.7e12;
        const spent = decideRate(undefined, now, rate, rate.burst);
        const refused = decideRate(spent.tatMs, now - backMs, rate, 1);
        expect(refused.allowed).toBe(false);
        const later = decideRate(refused.tatMs, now - backMs + rate.intervalMs * 1.01, rate, 1);
        expect(later.allowed).toBe(true);
      }),
    );
  });

  test("grants nothing extra when the clock only goes back", () => {
    fc.assert(
      fc.property(
        rate,
        fc.array(fc.integer({ min: 0, max: 1e9 }), { minLength: 60, maxLength: 99 }),
        (rate, steps) => {
          expect(
            run(
              rate,
              steps.map((step) => -step),
            ).length,
          ).toBeLessThanOrEqual(rate.burst);
        },
      ),
    );
  });
});
