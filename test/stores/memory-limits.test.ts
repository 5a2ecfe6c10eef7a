import { describe, expect, test } from "bun:test";
import { LIMIT_ENTRIES } from "../../app/core/bounds.ts";
import { perMinute } from "../../app/core/gcra.ts";
import { DAY_MS } from "../../app/core/quota.ts";
import { createMemoryLimits } from "../../app/stores/memory-limits.ts";
import { limitStoreContract } from "./limit-store.contract.ts";

limitStoreContract("in memory", async () => ({ store: createMemoryLimits(Date.now), close() {} }));

const MINUTE = perMinute(60, 2);

describe("limits in memory", () => {
  test("take a million addresses in bounded memory", async () => {
    const store = createMemoryLimits(Date.now);
    const heap = () => {
      Bun.gc(true);
      return process.memoryUsage().heapUsed;
    };
    const ask = async (from: number, to: number) => {
      for (let i = from; i < to; i++) {
        const address = `2001:db8:${(i >> 16).toString(16)}:${(i & 0xffff).toString(16)}::/64`;
        await store.rate(`rate:address:${address}`, MINUTE, 1);
      }
    };
    await ask(0, LIMIT_ENTRIES);
    const full = heap();
    await ask(LIMIT_ENTRIES, 1_000_000);
    const grown = heap() - full;
    // Nine times as many entries would take 100 MB; a table that sheds takes what it took.
    expect(grown).toBeLessThan(10_000_000);
  }, 20_000);

  test("shed the idlest entries first", async () => {
    const store = createMemoryLimits(() => 0, 3);
    for (const key of ["a", "b", "c", "a", "d"]) await store.rate(key, MINUTE, 1);
    // "b" was idle for longest, so it alone is forgotten, which gives it a whole burst again.
    const left = await Promise.all(["a", "b", "c", "d"].map((key) => store.rate(key, MINUTE, 0)));
    expect(left.map((decision) => decision.remaining)).toEqual([0, 2, 1, 1]);
  });

  test("do not shed for one that is only looked at", async () => {
    const store = createMemoryLimits(() => 0, 1);
    await store.rate("a", MINUTE, 1);
    await store.rate("b", MINUTE, 0);
    expect((await store.rate("a", MINUTE, 0)).remaining).toBe(1);
  });

  test("never shed a slot that is taken", async () => {
    const store = createMemoryLimits(() => 0, 1);
    const slots = ["a", "b", "c"].map((key) => ({ key, limit: 1 }));
    expect(await store.acquire(slots)).toBeUndefined();
    for (let i = 0; i < 10; i++) await store.rate(`k${i}`, MINUTE, 1);
    expect(await store.acquire(slots)).toBe(slots[0] as (typeof slots)[0]);
  });

  test("hold a quota over many days, each of them whole", async () => {
    let now = 20_000 * DAY_MS + DAY_MS - 1;
    const store = createMemoryLimits(() => now);
    const held = await store.reserve("q", 100, 1, 100);
    if (held === undefined) throw new Error("There was room.");
    expect(await store.reserve("q", 100, 1, 1)).toBeUndefined();
    now += 1;
    expect((await store.reserve("q", 100, 1, 60))?.tokens).toBe(60);
    // Held yesterday, settled today: today's account is not touched.
    await store.settle("q", held, 100);
    expect((await store.usage("s", "q")).quota).toMatchObject({ used: 0, reserved: 60 });
  });

  test("give a day's tokens out once, though the clock goes back over midnight", async () => {
    const midnight = 20_000 * DAY_MS;
    let now = midnight;
    const store = createMemoryLimits(() => now);
    expect((await store.reserve("q", 100, 1, 100))?.tokens).toBe(100);
    now = midnight - 5;
    expect(await store.reserve("q", 100, 1, 1)).toBeUndefined();
    now = midnight + 5;
    expect(await store.reserve("q", 100, 1, 1)).toBeUndefined();
  });
});
