/** The streams of this process: bounded in number and bytes, the oldest finished go first. */

import { STREAMS_REMEMBERED } from "../core/bounds.ts";
import { createMemoryLog, type MemoryLog } from "./memory-log.ts";
import type { StreamStore } from "./stream-store.ts";

/** How often finished streams whose time is over are looked for; `find` itself is exact. */
const SWEEP_MS = 5000;

/**
 * @param options.maxBytes bound on all logs together
 * @param options.ttlMs how long a finished stream can be resumed; 0 keeps nothing after the end
 * @param options.clock milliseconds since the epoch
 */
export function createMemoryStreams(options: {
  readonly maxBytes: number;
  readonly ttlMs: number;
  readonly clock: () => number;
}): StreamStore {
  const { maxBytes, ttlMs, clock } = options;
  const live = new Map<string, MemoryLog>();
  const finished = new Map<string, { readonly log: MemoryLog; readonly expiresMs: number }>();
  let bytes = 0;

  function forget(id: string): void {
    const log = live.get(id) ?? finished.get(id)?.log;
    if (log === undefined) return;
    live.delete(id);
    finished.delete(id);
    log.forget();
  }

  function count(more: number): void {
    const wasFull = bytes > maxBytes;
    bytes += more;
    if (wasFull && bytes <= maxBytes) for (const log of live.values()) log.wakeWriter();
  }

  function makeRoom(): void {
    for (const [id, { log }] of finished) {
      if (bytes <= maxBytes && live.size + finished.size <= STREAMS_REMEMBERED) return;
      // A reader that is still at it keeps the log; it is bounded by what it has left to read.
      if (log.readers() === 0) forget(id);
    }
    if (bytes <= maxBytes) return;
    for (const { log } of finished.values()) log.trim();
    for (const log of live.values()) {
      if (bytes <= maxBytes) return;
      log.trim();
    }
  }

  const budget = {
    add(more: number) {
      count(more);
      if (more > 0 && bytes > maxBytes) makeRoom();
    },
    isFull: () => bytes > maxBytes,
  };

  const sweep = setInterval(() => {
    const now = clock();
    // They stand in the order in which they finished, so the first that stays ends the look.
    for (const [id, { expiresMs }] of finished) {
      if (expiresMs > now) return;
      forget(id);
    }
  }, SWEEP_MS);

  return {
    create(info, onReaders) {
      // Let go at the end: it holds the whole completion, and a finished log outlives that by minutes.
      let tell: typeof onReaders | undefined = onReaders;
      const log = createMemoryLog(info, budget, (readers) => {
        tell?.(readers);
        // A finished log that was kept for its last reader may go now, and writers may wait for that.
        if (readers === 0 && bytes > maxBytes) makeRoom();
      });
      live.set(info.id, log);
      makeRoom();
      return {
        ...log,
        finish(end) {
          log.finish(end);
          tell = undefined;
          if (!live.delete(info.id)) return;
          if (ttlMs === 0) log.forget();
          else finished.set(info.id, { log, expiresMs: clock() + ttlMs });
        },
      };
    },
    async find(id) {
      const kept = finished.get(id);
      if (kept !== undefined && kept.expiresMs <= clock()) forget(id);
      return live.get(id) ?? finished.get(id)?.log;
    },
    async erase(id) {
      forget(id);
    },
    bytes: () => bytes,
    close: () => clearInterval(sweep),
  };
}
