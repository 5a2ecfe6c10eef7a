/** What every limit store must do; a new store is one file that calls this with its factory. */

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { LimitStore, Slot } from "../../app/stores/limit-store.ts";

/** A store under test, on its own clock, and how it is taken down. */
export interface LimitStoreUnderTest {
  readonly store: LimitStore;
  close(): Promise<void> | void;
}

const SLOW = { intervalMs: 3_600_000, burst: 5 };

/** @param create makes an empty store, apart from any other one */
export function limitStoreContract(name: string, create: () => Promise<LimitStoreUnderTest>): void {
  describe(`the limit store ${name}`, () => {
    let under: LimitStoreUnderTest;
    let store: LimitStore;
    beforeEach(async () => {
      under = await create();
      store = under.store;
    });
    afterEach(() => under.close());

    const times = <T>(n: number, act: () => Promise<T>) =>
      Promise.all(Array.from({ length: n }, act));
    const usage = (slot = "s", quota = "q") => store.usage(slot, quota);

    test("lets exactly the burst of a thousand requests at once pass", async () => {
      const decisions = await times(1000, () => store.rate("k", SLOW, 1));
      expect(decisions.filter((decision) => decision.allowed)).toHaveLength(5);
      const refused = decisions.find((decision) => !decision.allowed);
      expect(refused?.remaining).toBe(0);
      expect(refused?.retryAfterMs).toBeGreaterThan(SLOW.intervalMs * 0.9);
      expect(refused?.retryAfterMs).toBeLessThanOrEqual(SLOW.intervalMs);
    });

    test("counts every key alone", async () => {
      await times(5, () => store.rate("a", SLOW, 1));
      expect((await store.rate("a", SLOW, 1)).allowed).toBe(false);
      expect((await store.rate("b", SLOW, 1)).remaining).toBe(4);
    });

    test("only looks where the cost is 0", async () => {
      expect((await store.rate("k", SLOW, 0)).remaining).toBe(5);
      expect((await store.rate("k", SLOW, 1)).remaining).toBe(4);
      expect((await store.rate("k", SLOW, 0)).remaining).toBe(4);
    });

    test("lets the next request pass once its time has come", async () => {
      const fast = { intervalMs: 60, burst: 1 };
      expect((await store.rate("k", fast, 1)).allowed).toBe(true);
      const refused = await store.rate("k", fast, 1);
      expect(refused.allowed).toBe(false);
      await Bun.sleep(refused.retryAfterMs + 10);
      expect((await store.rate("k", fast, 1)).allowed).toBe(true);
    });

    test("gives exactly as many slots as there are to a thousand that ask at once", async () => {
      const slots: Slot[] = [{ key: "s", limit: 7 }];
      const full = await times(1000, () => store.acquire(slots));
      expect(full.filter((one) => one === undefined)).toHaveLength(7);
      expect((await usage()).streams).toBe(7);
    });

    test("takes all slots or none, and names the first that is full", async () => {
      const slots: Slot[] = [
        { key: "a", limit: 9 },
        { key: "b", limit: 1 },
        { key: "c", limit: 1 },
      ];
      expect(await store.acquire(slots)).toBeUndefined();
      // The very object, so that the one who asked can tell which it was.
      expect(await store.acquire(slots)).toBe(slots[1] as Slot);
      const open = await Promise.all(
        ["a", "b", "c"].map(async (key) => (await usage(key)).streams),
      );
      expect(open).toEqual([1, 1, 1]);
    });

    test("gives slots back, and nobody gains by giving back twice", async () => {
      const slots: Slot[] = [{ key: "s", limit: 1 }];
      await store.acquire(slots);
      await store.release(slots);
      await store.release(slots);
      expect((await usage()).streams).toBe(0);
      expect(await store.acquire(slots)).toBeUndefined();
      expect(await store.acquire(slots)).toBe(slots[0] as Slot);
    });

    test("never holds more tokens than the limit for a thousand that ask at once", async () => {
      const held = await times(1000, () => store.reserve("q", 1000, 10, 30));
      const tokens = held.map((one) => one?.tokens ?? 0);
      expect(tokens.reduce((sum, one) => sum + one, 0)).toBe(1000);
      expect(tokens.filter((one) => one > 0)).toHaveLength(34);
      expect((await usage()).quota).toMatchObject({ used: 0, reserved: 1000 });
    });

    test("balances reserve and settle", async () => {
      const held = await times(10, () => store.reserve("q", 1000, 1, 50));
      await Promise.all(held.map((one, i) => one && store.settle("q", one, i)));
      expect((await usage()).quota).toMatchObject({ used: 45, reserved: 0 });
    });

    test("counts what a request used beyond what it held", async () => {
      const held = await store.reserve("q", 100, 1, 10);
      if (held === undefined) throw new Error("There was room.");
      await store.settle("q", held, 500);
      expect((await usage()).quota).toMatchObject({ used: 500, reserved: 0 });
      expect(await store.reserve("q", 100, 1, 1)).toBeUndefined();
    });

    test("holds what is left where that is enough to start, and nothing where it is not", async () => {
      expect((await store.reserve("q", 100, 1, 90))?.tokens).toBe(90);
      expect((await store.reserve("q", 100, 5, 90))?.tokens).toBe(10);
      expect(await store.reserve("q", 100, 1, 90)).toBeUndefined();
      expect((await usage()).quota).toMatchObject({ used: 0, reserved: 100 });
    });

    test("changes nothing when what is settled was held on a day that is over", async () => {
      const held = await store.reserve("q", 100, 1, 10);
      if (held === undefined) throw new Error("There was room.");
      await store.settle("q", { ...held, day: held.day - 1 }, 50);
      expect((await usage()).quota).toMatchObject({ used: 0, reserved: 10 });
    });

    test("has used nothing under a key that it does not know", async () => {
      const { streams, quota } = await usage("?", "??");
      expect([streams, quota.used, quota.reserved]).toEqual([0, 0, 0]);
    });
  });
}
