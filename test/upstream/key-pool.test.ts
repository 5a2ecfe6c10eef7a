import { describe, expect, test } from "bun:test";
import { createKeyPool } from "../../app/upstream/key-pool.ts";

function setUp(...initial: string[]) {
  let nowMs = 0;
  let keys = initial;
  const pool = createKeyPool(
    () => keys,
    () => nowMs,
  );
  return {
    pool,
    pass: (ms: number) => (nowMs += ms),
    change: (...next: string[]) => (keys = next),
  };
}

describe("the key pool", () => {
  test("asks its keys in turn", () => {
    const { pool } = setUp("a", "b", "c");
    expect(Array.from({ length: 6 }, () => pool.next()).sort()).toEqual([
      "a",
      "a",
      "b",
      "b",
      "c",
      "c",
    ]);
  });

  test("has no key where upstream wants none", () => {
    const { pool } = setUp();
    expect([pool.next(), pool.hasFresh()]).toEqual([undefined, false]);
  });

  test("asks a key in trouble only when there is no other", () => {
    const { pool } = setUp("a", "b");
    pool.trouble("a");
    expect(Array.from({ length: 4 }, () => pool.next())).toEqual(["b", "b", "b", "b"]);
    expect(pool.hasFresh()).toBe(true);
  });

  test("asks the key whose trouble is oldest when all are in trouble, and locks none out", () => {
    const { pool, pass } = setUp("a", "b");
    pool.trouble("b");
    pass(10);
    pool.trouble("a");
    expect([pool.next(), pool.hasFresh()]).toEqual(["b", false]);
    expect(setUp("a").pool.next()).toBe("a");
  });

  test("forgets trouble after a minute", () => {
    const { pool, pass } = setUp("a", "b");
    pool.trouble("a");
    pass(59_999);
    expect(new Set([pool.next(), pool.next()])).toEqual(new Set(["b"]));
    pass(1);
    expect(new Set([pool.next(), pool.next()])).toEqual(new Set(["a", "b"]));
  });

  test("takes changed keys from the next request on, without the old ones' trouble", () => {
    const { pool, change } = setUp("a");
    pool.trouble("a");
    change("c", "d");
    expect(new Set([pool.next(), pool.next()])).toEqual(new Set(["c", "d"]));
    expect(pool.hasFresh()).toBe(true);
    change("a");
    expect(pool.next()).toBe("a");
  });
});
