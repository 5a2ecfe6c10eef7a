import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { BLOCK_BYTES } from "../../app/core/bounds.ts";
import { createMemoryLog, type MemoryLog } from "../../app/stores/memory-log.ts";
import type { Reader } from "../../app/stores/stream-store.ts";
import { frameOf } from "../support/frames.ts";
import { COMPLETED, infoOf, joined, readNow } from "../support/logs.ts";

/** A log, and what it says that it holds. */
function setUp(): { log: MemoryLog; held: () => number } {
  let held = 0;
  const budget = {
    add: (bytes: number) => {
      held += bytes;
    },
    isFull: () => false,
  };
  return { log: createMemoryLog(infoOf("a"), budget, () => {}), held: () => held };
}

describe("what a log keeps", () => {
  test("is no more memory than it counts: Deno reads 64 KiB for an event of a few bytes", () => {
    const { log, held } = setUp();
    const { bytes, ends } = frameOf("{}");
    const read = new Uint8Array(4 * BLOCK_BYTES);
    read.set(bytes);
    log.append({ bytes: read.subarray(0, bytes.length), ends });
    const kept = joined(log).take();
    expect(kept?.bytes.subarray(0, bytes.length)).toEqual(bytes);
    expect(kept?.bytes.buffer.byteLength).toBeLessThan(held());
  });

  test("is one piece of memory for many small events, and no room behind the last at the end", () => {
    const { log, held } = setUp();
    const event = frameOf("x".repeat(200));
    const before = held();
    for (let i = 0; i < 1000; i++) log.append(event);
    log.finish(COMPLETED);
    const bytes = 1000 * event.bytes.length;
    expect(held() - before).toBeLessThan(1.2 * bytes);
    const buffers = new Set<ArrayBuffer>();
    const reader = joined(log);
    for (let some = reader.take(); some !== undefined; some = reader.take())
      buffers.add(some.bytes.buffer);
    expect(buffers.size).toBeLessThan(20);
    const memory = [...buffers].reduce((sum, buffer) => sum + buffer.byteLength, 0);
    expect(memory).toBeLessThan(1.05 * bytes);
  });

  test("is a large frame as it came, without a copy", () => {
    const { log } = setUp();
    const frame = frameOf("x".repeat(BLOCK_BYTES));
    log.append(frame);
    expect(joined(log).take()?.bytes.buffer).toBe(frame.bytes.buffer);
  });
});

test("every reader reads every event behind its place once, whatever is appended, joined and trimmed", () => {
  const size = fc.oneof(
    fc.nat(300),
    fc.constantFrom(BLOCK_BYTES / 2, BLOCK_BYTES, 2 * BLOCK_BYTES),
  );
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ act: fc.constant("append"), size, events: fc.nat(3) }) },
    fc.record({ act: fc.constantFrom("join", "read", "leave", "trim"), size, events: fc.nat(3) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 150 }), (steps) => {
      const { log, held } = setUp();
      const empty = held();
      let seq = 0;
      const readers: { reader: Reader; after: number }[] = [];
      const read = (one: { reader: Reader; after: number }, events: [number, string][]) => {
        for (const [at, data] of events) {
          expect([at, data.startsWith(`${at}:`)]).toEqual([one.after + 1, true]);
          one.after = at;
        }
      };
      for (const [i, { act, size, events }] of steps.entries()) {
        const one = readers[i % Math.max(1, readers.length)];
        if (act === "append") {
          log.append(
            frameOf(...Array.from({ length: events + 1 }, () => `${++seq}:${"x".repeat(size)}`)),
          );
        } else if (act === "join") {
          const after = Math.round((seq * (i % 5)) / 4);
          const reader = log.join(after);
          if (typeof reader !== "string") readers.push({ reader, after });
        } else if (act === "trim") log.trim();
        else if (one !== undefined && act === "read") read(one, readNow(one.reader));
        else if (one !== undefined) readers.splice(readers.indexOf(one), 1)[0]?.reader.leave();
      }
      log.finish(COMPLETED);
      for (const one of readers) {
        read(one, readNow(one.reader));
        expect(one.after).toBe(seq);
      }
      log.trim();
      expect(held()).toBe(empty);
    }),
    { numRuns: 500 },
  );
});
