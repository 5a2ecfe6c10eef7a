import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { LOG_OVERHEAD_BYTES, READER_LAG_BYTES, STREAMS_REMEMBERED } from "../../app/core/bounds.ts";
import { createMemoryStreams } from "../../app/stores/memory-streams.ts";
import type { StreamLog } from "../../app/stores/stream-store.ts";
import { COMPLETED, joined, readNow } from "../support/logs.ts";
import { EVENT, EVENT_BYTES, resolves, setUp } from "./small-store.ts";
import { streamStoreContract } from "./stream-store.contract.ts";

streamStoreContract("in memory", async (ttlMs) =>
  createMemoryStreams({ maxBytes: 2 ** 28, ttlMs, clock: Date.now }),
);

describe("the bound on all logs together", () => {
  test("lets the oldest finished streams go first", async () => {
    const { store, open, isKept } = setUp(10);
    for (const id of ["a", "b", "c"]) open(id, 3).finish(COMPLETED);
    open("live", 3);
    expect(await isKept("a", "b", "c", "live")).toEqual([false, true, true, true]);
    expect(store.bytes()).toBe(9 * EVENT_BYTES + 3 * LOG_OVERHEAD_BYTES);
    store.close();
  });

  test("does not let a finished stream go while somebody reads it", async () => {
    const { store, open } = setUp(10);
    const log = open("a", 8);
    const reader = joined(log);
    log.finish(COMPLETED);
    open("live", 8);
    expect(readNow(reader)).toHaveLength(8);
    store.close();
  });

  test("then trims what all readers of running streams have read", async () => {
    const { store, open } = setUp(10);
    const log = open("a", 8);
    const reader = joined(log);
    readNow(reader);
    for (let i = 0; i < 8; i++) log.append(EVENT);
    expect(store.bytes()).toBeLessThanOrEqual(10 * EVENT_BYTES);
    expect(log.join(0)).toBe("gone");
    expect(readNow(reader).map(([seq]) => seq)).toEqual([9, 10, 11, 12, 13, 14, 15, 16]);
    expect(readNow(joined(log, 15)).map(([seq]) => seq)).toEqual([16]);
    store.close();
  });

  test("then makes writers wait, and lets them go on when the last reader of a finished stream leaves", async () => {
    const { store, open } = setUp(10);
    const done = open("done");
    const reader = joined(done);
    for (let i = 0; i < 8; i++) done.append(EVENT);
    done.finish(COMPLETED);
    const log = open("a");
    joined(log);
    for (let i = 0; i < 4; i++) log.append(EVENT);
    const room = log.room();
    expect(await resolves(room)).toBe(false);
    reader.leave();
    expect(await resolves(room)).toBe(true);
    store.close();
  });

  test("lets a waiting writer go on as soon as its reader has caught up", async () => {
    const { store, open } = setUp(10);
    const log = open("a");
    const reader = joined(log);
    for (let i = 0; i < 12; i++) log.append(EVENT);
    const room = log.room();
    expect(await resolves(room)).toBe(false);
    expect(readNow(reader)).toHaveLength(12);
    expect(await resolves(room)).toBe(true);
    expect(log.room()).toBeUndefined();
    store.close();
  });

  test("lets a waiting writer go on when the stream that filled the logs ends", async () => {
    const { store, open } = setUp(10);
    const big = open("big");
    const reader = joined(big);
    const small = open("small");
    joined(small);
    for (let i = 0; i < 12; i++) big.append(EVENT);
    const room = small.room();
    expect(await resolves(room)).toBe(false);
    reader.leave();
    big.finish(COMPLETED);
    expect(await resolves(room)).toBe(true);
    store.close();
  });

  test("remembers so many streams and no more, however small they are", async () => {
    const { store, open, isKept } = setUp(10_000);
    for (let i = 0; i <= STREAMS_REMEMBERED; i++) open(`s${i}`).finish(COMPLETED);
    open("last");
    expect(await isKept("s0", "s1", "s2", "last")).toEqual([false, false, true, true]);
    store.close();
  });
});

describe("a reader that does not read", () => {
  test("makes the writer wait once the fastest reader is a mebibyte behind", async () => {
    const { store, open } = setUp(1e6);
    const log = open("a");
    const [fast, slow] = [joined(log), joined(log)];
    let appended = 0;
    while (log.room() === undefined) {
      log.append(EVENT);
      appended += EVENT.bytes.length;
    }
    expect(appended).toBeGreaterThan(READER_LAG_BYTES);
    expect(appended).toBeLessThanOrEqual(READER_LAG_BYTES + EVENT.bytes.length);
    const room = log.room();
    expect(await resolves(room)).toBe(false);
    fast.take();
    expect(await resolves(room)).toBe(true);
    expect(slow.take()?.seq).toBe(1);
    store.close();
  });

  test("does not hold a writer whose stream has ended", async () => {
    const { store, open } = setUp(1e6);
    const log = open("a", 150);
    const room = log.room();
    expect(room).toBeDefined();
    log.finish(COMPLETED);
    expect(await resolves(room)).toBe(true);
    expect(log.room()).toBeUndefined();
    store.close();
  });
});

describe("the account of bytes", () => {
  const step = fc.record({
    stream: fc.nat(5),
    act: fc.constantFrom(
      "append",
      "append",
      "append",
      "finish",
      "erase",
      "join",
      "read",
      "leave",
      "pass",
    ),
  });

  test("returns to 0 when everything is gone, whatever happened in between", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 200 }),
        fc.constantFrom(0, 60_000),
        async (steps, ttlMs) => {
          const { store, open, pass } = setUp(10, ttlMs);
          const logs = Array.from({ length: 6 }, (_, i) => open(`s${i}`));
          const readers = new Map<number, ReturnType<typeof joined>>();
          for (const { stream, act } of steps) {
            const log = logs[stream] as StreamLog;
            const reader = readers.get(stream);
            if (act === "append") log.append(EVENT);
            else if (act === "finish") log.finish(COMPLETED);
            else if (act === "erase") await store.erase(`s${stream}`);
            else if (act === "pass") pass(30_000);
            else if (act === "read") reader?.take();
            else if (act === "leave") reader?.leave();
            else {
              const next = log.join(log.lastSeq());
              if (typeof next !== "string") readers.set(stream, next);
            }
            expect(store.bytes()).toBeGreaterThanOrEqual(0);
          }
          for (const log of logs) log.finish(COMPLETED);
          for (let i = 0; i < 6; i++) await store.erase(`s${i}`);
          expect(store.bytes()).toBe(0);
          store.close();
        },
      ),
    );
  });
});
