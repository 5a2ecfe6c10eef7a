import { expect, test } from "bun:test";
import { createMemoryLog } from "../../app/stores/memory-log.ts";
import { frameOf } from "../support/frames.ts";
import { infoOf, joined } from "../support/logs.ts";

test("a log keeps no more memory than it counts: Deno reads 64 KiB for an event of a few bytes", () => {
  const budget = { add() {}, isFull: () => false };
  const log = createMemoryLog(infoOf("a"), budget, () => {});
  const { bytes, ends } = frameOf("{}");
  const read = new Uint8Array(65_536);
  read.set(bytes);
  log.append({ bytes: read.subarray(0, bytes.length), ends });
  const [kept] = joined(log).take()?.frames ?? [];
  expect(kept?.bytes).toEqual(bytes);
  expect(kept?.bytes.buffer.byteLength).toBeLessThan(1024);
});
