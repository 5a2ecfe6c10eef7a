/** A memory store that is soon full. */

import { BLOCK_OVERHEAD_BYTES, EVENT_OVERHEAD_BYTES } from "../../app/core/bounds.ts";
import { createMemoryStreams } from "../../app/stores/memory-streams.ts";
import type { StreamLog } from "../../app/stores/stream-store.ts";
import { frameOf } from "../support/frames.ts";
import { infoOf } from "../support/logs.ts";

const KIB = 1024;
/** An event of 10 KiB, which takes a block of its own. */
export const EVENT = frameOf("x".repeat(10 * KIB));
export const EVENT_BYTES = EVENT.bytes.length + BLOCK_OVERHEAD_BYTES + EVENT_OVERHEAD_BYTES;

/** A store that takes so many such events. */
export function setUp(maxEvents: number, ttlMs = 60_000) {
  let nowMs = 1e12;
  const store = createMemoryStreams({
    maxBytes: maxEvents * EVENT_BYTES,
    ttlMs,
    clock: () => nowMs,
  });
  const open = (id: string, events = 0): StreamLog => {
    const log = store.create(infoOf(id), () => {});
    for (let i = 0; i < events; i++) log.append(EVENT);
    return log;
  };
  const isKept = async (...ids: string[]) =>
    Promise.all(ids.map(async (id) => (await store.find(id)) !== undefined));
  return { store, open, isKept, pass: (ms: number) => (nowMs += ms) };
}

/** Whether a promise resolves within a moment. */
export async function resolves(promise: Promise<unknown> | undefined): Promise<boolean> {
  return Promise.race([
    (promise ?? Promise.resolve()).then(() => true),
    Bun.sleep(20).then(() => false),
  ]);
}
