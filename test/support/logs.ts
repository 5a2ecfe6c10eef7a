/** Stream logs as tests make and read them. */

import type { End, Reader, StreamInfo, StreamLog } from "../../app/stores/stream-store.ts";
import { textsOf } from "./frames.ts";

/** How a whole answer ends. */
export const COMPLETED: End = {
  outcome: "completed",
  failure: undefined,
  finishReason: "stop",
  usage: { total_tokens: 8 },
  done: true,
  unfinished: [],
};

/** A stream's facts under this id. */
export function infoOf(id: string): StreamInfo {
  return { id, owner: "web", model: "mistral-small-latest", kind: "events", createdMs: Date.now() };
}

/** A reader, where there must be one. */
export function joined(log: StreamLog, after = 0): Reader {
  const reader = log.join(after);
  if (typeof reader === "string") throw new Error(`The reader was refused: ${reader}.`);
  return reader;
}

/** The events that a reader has before it, as seq and data. */
export function readNow(reader: Reader): [seq: number, data: string][] {
  const events: [number, string][] = [];
  for (let some = reader.take(); some !== undefined; some = reader.take()) {
    const texts = textsOf(some).slice(some.from, some.to);
    const from = some.seq;
    events.push(...texts.map((text, i): [number, string] => [from + i, text.slice(6, -2)]));
  }
  return events;
}
