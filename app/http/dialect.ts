/** How a log is told to a client: `/stream`'s events with ids, or `/v1`'s bare chunks. */

import {
  CHAT_HEARTBEAT,
  DONE_EVENT,
  encodeDone,
  encodeErrorChunk,
  encodeFault,
  encodePreamble,
  encodeWithIds,
  idPrefix,
  STREAM_HEARTBEAT,
} from "../core/encode.ts";
import { bytesOf, concat, type Stretch } from "../core/frame.ts";
import type { End, StreamLog } from "../stores/stream-store.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Bytes for each thing that can happen to a reader. */
export interface Dialect {
  /** What the very first bytes become. */
  opening(first: Bytes): Bytes;
  events(stretch: Stretch): Bytes;
  readonly heartbeat: Bytes;
  ending(end: End, seq: number): Bytes;
}

/** `/stream` and `/v1/streams/{id}`: every event has an id, the last one says how it ended. */
export function streamDialect(streamId: string): Dialect {
  const prefix = idPrefix(streamId);
  return {
    opening: (first) => {
      const preamble = encodePreamble(streamId);
      return concat([preamble, first], preamble.length + first.length);
    },
    events: (stretch) => encodeWithIds(stretch, prefix),
    heartbeat: STREAM_HEARTBEAT,
    ending(end, seq) {
      if (end.failure === undefined) return encodeDone(streamId, seq, end);
      return encodeFault(`${streamId}.${seq}`, end.failure.fault);
    },
  };
}

/** `/v1`: upstream's bytes as they are, and one legal last chunk where they broke off. */
export function chatDialect(log: StreamLog, requestId: string): Dialect {
  return {
    opening: (first) => first,
    events: bytesOf,
    heartbeat: CHAT_HEARTBEAT,
    ending({ failure, unfinished, done }) {
      if (failure === undefined) return done ? DONE_EVENT : NOTHING;
      const createdSeconds = Math.floor(log.createdMs / 1000);
      const about = { streamId: log.id, model: log.model, createdSeconds, requestId };
      // Clients read choices[0] of every chunk: where all have ended, the first is told so again.
      const indices = unfinished.length === 0 ? [0] : unfinished;
      return encodeErrorChunk(about, indices, failure.fault);
    },
  };
}

const NOTHING = new Uint8Array(0);
