/** `Idempotency-Key`: a repeat reads the first request's completion instead of asking again. */

import { STREAMS_REMEMBERED } from "./core/bounds.ts";
import { Fault } from "./core/fault.ts";
import type { StreamLog, StreamStore } from "./stores/stream-store.ts";

/** Remembers which completion a key stands for. */
export interface Idempotency {
  /**
   * Starts a completion, or finds the one that this owner started with the same key.
   * @param fingerprint of the request; the same key with another one is a mistake
   * @throws Fault `idempotency_mismatch`, and whatever `start` throws
   */
  once(
    owner: string,
    key: string,
    fingerprint: string,
    start: () => Promise<StreamLog>,
  ): Promise<StreamLog>;
}

interface Entry {
  readonly fingerprint: string;
  /** Pending while the first request is being admitted; a repeat must wait for that. */
  readonly log: Promise<StreamLog>;
}

/** A key lives as long as its stream can be resumed, in the same store. */
export function createIdempotency(streams: StreamStore): Idempotency {
  const entries = new Map<string, Entry>();

  /** A completion that failed is no answer: its repeat may ask again, as the client means it to. */
  async function isUsable(entry: Entry): Promise<boolean> {
    const log = await entry.log.catch(() => undefined);
    if (log === undefined || (await streams.find(log.id)) === undefined) return false;
    const end = log.end();
    return end === undefined || end.outcome === "completed";
  }

  return {
    async once(owner, key, fingerprint, start) {
      // Neither half can hold the line feed that parts them.
      const name = `${owner}\n${key}`;
      for (let entry = entries.get(name); entry !== undefined; entry = entries.get(name)) {
        if (await isUsable(entry)) {
          if (entry.fingerprint === fingerprint) return entry.log;
          throw new Fault(
            "idempotency_mismatch",
            "This Idempotency-Key came with another body before.",
          );
        }
        if (entries.get(name) === entry) entries.delete(name);
      }
      const log = start();
      entries.set(name, { fingerprint, log });
      if (entries.size > STREAMS_REMEMBERED) entries.delete(entries.keys().next().value as string);
      return log;
    },
  };
}
