/** Joins a log on behalf of a response: as a stream in a dialect, or as one whole answer. */

import {
  READERS_PER_PROCESS_FACTOR,
  READERS_PER_STREAM,
  SLOT_RETRY_SECONDS,
} from "../core/bounds.ts";
import { bytesOf } from "../core/frame.ts";
import { Fault } from "../core/fault.ts";
import type { Reader, StreamLog } from "../stores/stream-store.ts";
import { type Call, type Parts, requestIdOf } from "./call.ts";
import { chatDialect, streamDialect } from "./dialect.ts";
import { type Reading, startReading } from "./reading.ts";
import { type Answer, SSE_HEADERS } from "./sse.ts";

/** Where a reader starts, and how it is told what it reads. */
export interface Follow {
  readonly dialect: "stream" | "chat";
  /** Seq of the last event that the client has. */
  readonly after: number;
  /** This very request asked for the answer. */
  readonly isFresh: boolean;
}

/**
 * Reads a log as an event stream.
 * @throws Fault `stream_gone`, `too_many_streams`, `overloaded`
 */
export function read(parts: Parts, call: Call, log: StreamLog, follow: Follow): Reading {
  const { config, readers, clock, random } = parts;
  const { request, set } = call;
  refuseIfCrowded(parts);
  const reader = join(log, follow.after);
  Object.assign(set.headers, SSE_HEADERS, { "stream-id": log.id });
  readers.open += 1;
  return startReading({
    log,
    reader,
    dialect:
      follow.dialect === "stream" ? streamDialect(log.id) : chatDialect(log, requestIdOf(set)),
    signal: request.signal,
    heartbeatMs: config.deadlines.heartbeatMs,
    clock,
    random,
    isFresh: follow.isFresh,
    onLeave() {
      readers.open -= 1;
    },
  });
}

/** Waits for the whole of an answer that is no stream. */
export async function readWhole(call: Call, log: StreamLog): Promise<Answer> {
  const reader = join(log, 0);
  const leave = () => reader.leave();
  const { signal } = call.request;
  signal.addEventListener("abort", leave);
  if (signal.aborted) leave();
  try {
    while (log.end() === undefined) await reader.changed();
    const failed = log.end()?.failure;
    if (failed !== undefined) throw failed.fault;
    // An answer was appended at once, so it is in one piece.
    const answer = reader.take();
    Object.assign(call.set.headers, {
      "content-type": "application/json",
      "cache-control": "no-store",
    });
    return { body: answer === undefined ? new Uint8Array(0) : bytesOf(answer) };
  } finally {
    signal.removeEventListener("abort", leave);
    leave();
  }
}

/** @throws Fault `overloaded` where this process has as many responses open as it may */
export function refuseIfCrowded({ readers, config }: Parts): void {
  if (readers.open < READERS_PER_PROCESS_FACTOR * config.bounds.maxStreams) return;
  const headers = { "retry-after": String(SLOT_RETRY_SECONDS) };
  throw new Fault("overloaded", "This server has as many readers as it may.", { headers });
}

function join(log: StreamLog, after: number): Reader {
  const reader = log.join(after);
  if (reader === "gone") throw streamGone();
  if (reader === "full") {
    const headers = { "retry-after": String(SLOT_RETRY_SECONDS) };
    const message = `This stream has its ${READERS_PER_STREAM} readers already.`;
    throw new Fault("too_many_streams", message, { headers });
  }
  return reader;
}

/** One answer for unknown, expired and somebody else's: which of them it is, is nobody's business. */
export function streamGone(): Fault {
  return new Fault("stream_gone", "There is no such stream for this key any more; ask again.");
}
