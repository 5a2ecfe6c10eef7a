/** What every stream store must do; a new store is one file that calls this with its factory. */

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { READERS_PER_STREAM } from "../../app/core/bounds.ts";
import { failure } from "../../app/core/fault.ts";
import type { End, StreamLog, StreamStore } from "../../app/stores/stream-store.ts";
import { frameOf } from "../support/frames.ts";
import { COMPLETED, infoOf, joined, readNow } from "../support/logs.ts";

const FAILED: End = {
  ...COMPLETED,
  outcome: "cancelled",
  failure: failure("cancelled", "Enough."),
  done: false,
};

/** @param create makes an empty store that keeps finished streams for `ttlMs` */
export function streamStoreContract(
  name: string,
  create: (ttlMs: number) => Promise<StreamStore>,
): void {
  describe(`the stream store ${name}`, () => {
    let store: StreamStore;
    let readers: number[];
    const open = (id = "s1") => store.create(infoOf(id), (count) => readers.push(count));
    beforeEach(async () => {
      store = await create(60_000);
      readers = [];
    });
    afterEach(() => store.close());

    test("gives every event once, in order, under dense ids from 1", () => {
      const log = open();
      const reader = joined(log);
      log.append(frameOf("a", "b"));
      expect(readNow(reader)).toEqual([
        [1, "a"],
        [2, "b"],
      ]);
      log.append(frameOf("c"));
      log.append(frameOf("d"));
      expect(readNow(reader)).toEqual([
        [3, "c"],
        [4, "d"],
      ]);
      expect(reader.take()).toBeUndefined();
      expect(log.lastSeq()).toBe(4);
    });

    test.each([0, 1, 2, 3, 4, 5, 6])(
      "resumes behind event %d, wherever in a frame that is",
      (after) => {
        const log = open();
        for (const data of [["a"], ["b", "c", "d"], ["e", "f"]]) log.append(frameOf(...data));
        const reader = joined(log, after);
        const all = ["a", "b", "c", "d", "e", "f"].map((data, i): [number, string] => [
          i + 1,
          data,
        ]);
        expect(readNow(reader)).toEqual(all.slice(after));
        log.append(frameOf("g"));
        expect(readNow(reader)).toEqual([[7, "g"]]);
      },
    );

    test.each([7, 99, Number.MAX_SAFE_INTEGER])(
      "has no place behind event %d, which never was",
      (after) => {
        const log = open();
        log.append(frameOf("a", "b", "c", "d", "e", "f"));
        expect(log.join(after)).toBe("gone");
      },
    );

    test("gives every reader its own place", () => {
      const log = open();
      const first = joined(log);
      log.append(frameOf("a"));
      const second = joined(log);
      expect(readNow(second)).toEqual([[1, "a"]]);
      log.append(frameOf("b"));
      expect(readNow(first)).toEqual([
        [1, "a"],
        [2, "b"],
      ]);
      expect(readNow(second)).toEqual([[2, "b"]]);
    });

    test("refuses one reader too many, until one leaves", () => {
      const log = open();
      const all = Array.from({ length: READERS_PER_STREAM }, () => joined(log));
      expect(log.join(0)).toBe("full");
      all[3]?.leave();
      all[3]?.leave();
      joined(log);
      expect(log.join(0)).toBe("full");
    });

    test("tells how many readers there are, at each change and only then", () => {
      const log = open();
      const [a, b] = [joined(log), joined(log)];
      a.leave();
      a.leave();
      b.leave();
      expect(readers).toEqual([1, 2, 1, 0]);
    });

    test.each(["append", "finish", "nudge", "leave"] as const)(
      "wakes a waiting reader at: %s",
      async (cause) => {
        const log = open();
        const reader = joined(log);
        const woken = reader.changed().then(() => "woken");
        if (cause === "append") log.append(frameOf("a"));
        else if (cause === "finish") log.finish(COMPLETED);
        else reader[cause]();
        expect(await Promise.race([woken, Bun.sleep(1000).then(() => "asleep")])).toBe("woken");
      },
    );

    test("keeps the first end, and drops what comes behind it", () => {
      const log = open();
      log.append(frameOf("a"));
      log.finish(COMPLETED);
      log.finish(FAILED);
      log.append(frameOf("b"));
      expect(log.end()).toEqual(COMPLETED);
      expect([log.lastSeq(), readNow(joined(log))]).toEqual([1, [[1, "a"]]]);
    });

    test("finds a stream while it runs and after it, with all that is known of it", async () => {
      const log = open();
      log.append(frameOf("a"));
      expect((await store.find("s1"))?.end()).toBeUndefined();
      log.finish(FAILED);
      const found = (await store.find("s1")) as StreamLog;
      expect(found).toMatchObject({
        id: "s1",
        owner: "web",
        model: "mistral-small-latest",
        kind: "events",
      });
      expect([found.end()?.outcome, found.end()?.failure?.fault.code]).toEqual([
        "cancelled",
        "cancelled",
      ]);
      expect(readNow(joined(found))).toEqual([[1, "a"]]);
      expect(await store.find("s2")).toBeUndefined();
    });

    test("forgets a stream that is erased, and gives its bytes back", async () => {
      const log = open();
      log.append(frameOf("a"));
      log.finish(COMPLETED);
      await store.erase("s1");
      await store.erase("s1");
      expect(await store.find("s1")).toBeUndefined();
      expect(store.bytes()).toBe(0);
    });

    test("forgets a finished stream after its time, but never a running one", async () => {
      store.close();
      store = await create(50);
      open("done").finish(COMPLETED);
      open("runs");
      expect(await store.find("done")).toBeDefined();
      await Bun.sleep(120);
      expect(await store.find("done")).toBeUndefined();
      expect(await store.find("runs")).toBeDefined();
    });

    test("keeps nothing after the end where the time is 0, but lets its readers finish", async () => {
      store.close();
      store = await create(0);
      const log = open();
      const reader = joined(log);
      log.append(frameOf("a"));
      log.finish(COMPLETED);
      expect(await store.find("s1")).toBeUndefined();
      expect(readNow(reader)).toEqual([[1, "a"]]);
      expect(store.bytes()).toBe(0);
    });
  });
}
