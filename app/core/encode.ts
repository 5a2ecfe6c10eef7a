/** The bytes that we add to a stream: ids, heartbeats, and how it ends, in both dialects. */

import { RETRY_DRAINING_MS, RETRY_MS } from "./bounds.ts";
import { bytesOf, startOf, type Stretch } from "./frame.ts";
import { type Fault, toErrorBody } from "./fault.ts";

/** What `event: done` tells: why the model stopped, and what upstream counted. */
export interface Done {
  readonly finishReason: string | null;
  readonly usage: unknown;
}

const utf8 = new TextEncoder();
const LF = 10;
const ZERO = 48;

/** First bytes on `/stream`: an id before any event lets even a lost first connection resume. */
export function encodePreamble(streamId: string): Uint8Array<ArrayBuffer> {
  return utf8.encode(`retry: ${RETRY_MS}\nid: ${streamId}.0\n\n`);
}

/** All that a resume gets here while draining: EventSource dies on any status but 200. */
export const DRAINING_RETRY = utf8.encode(`retry: ${RETRY_DRAINING_MS}\n\n`);

/** A heartbeat on `/stream`: a comment is read and dropped by every EventSource. */
export const STREAM_HEARTBEAT = utf8.encode(": ping\n\n");

/** A heartbeat on `/v1`: no blank line, on which openai-go before 3.43 ends the stream. */
export const CHAT_HEARTBEAT = utf8.encode(": ping\n");

/** What ends a whole answer on `/v1`, where upstream said it. */
export const DONE_EVENT = utf8.encode("data: [DONE]\n\n");

/** The id of a stream that is not here; whoever sends it back has been told already. */
export const GONE_ID = "gone.0";

/**
 * Puts an `id:` line before every event of a stretch. All bytes are copied behind the room for the ids
 * at once, and each event is then moved forward to its place: no array is made for any of them.
 * @param prefix what `idPrefix` made of the stream's id
 */
export function encodeWithIds(stretch: Stretch, prefix: Uint8Array): Uint8Array<ArrayBuffer> {
  const { ends, from, to, seq } = stretch;
  const bytes = bytesOf(stretch);
  const first = startOf(stretch, from);
  const events = to - from;
  // Every seq is given the room of the last one, which is the longest.
  const room = events * (prefix.length + countDigits(seq + events - 1) + 1);
  const out = new Uint8Array(room + bytes.length);
  out.set(bytes, room);
  let at = 0;
  let start = room;
  for (let i = 0; i < events; i++) {
    const end = room + (ends[from + i] as number) - first;
    out.set(prefix, at);
    at = writeDigits(out, at + prefix.length, seq + i);
    out[at++] = LF;
    if (at < start) out.copyWithin(at, start, end);
    at += end - start;
    start = end;
  }
  return at === out.length ? out : out.subarray(0, at);
}

/** What comes before the seq in every id of a stream. */
export function idPrefix(streamId: string): Uint8Array<ArrayBuffer> {
  return utf8.encode(`id: ${streamId}.`);
}

/** Writes a whole number in decimal. @returns the offset behind it */
function writeDigits(out: Uint8Array, at: number, value: number): number {
  const end = at + countDigits(value);
  let rest = value;
  for (let i = end - 1; i >= at; i--) {
    const tenth = Math.trunc(rest / 10);
    out[i] = ZERO + rest - 10 * tenth;
    rest = tenth;
  }
  return end;
}

function countDigits(value: number): number {
  let digits = 1;
  for (let rest = value; rest >= 10; rest /= 10) digits += 1;
  return digits;
}

/** The terminal event of a whole answer on `/stream`. */
export function encodeDone(streamId: string, seq: number, done: Done): Uint8Array<ArrayBuffer> {
  const data = { finish_reason: done.finishReason, usage: done.usage ?? null, stream_id: streamId };
  return utf8.encode(`id: ${streamId}.${seq}\nevent: done\ndata: ${JSON.stringify(data)}\n\n`);
}

/** The terminal event of a failed answer on `/stream`; `id` stops EventSource from asking for more. */
export function encodeFault(id: string, fault: Fault): Uint8Array<ArrayBuffer> {
  const data = { code: fault.code, message: fault.message, retryable: fault.retryable };
  return utf8.encode(`id: ${id}\nevent: fault\ndata: ${JSON.stringify(data)}\n\n`);
}

/**
 * The last chunk of a failed answer on `/v1`: legal for Mistral's SDK, raised by OpenAI's.
 * @param unfinished indices of the choices that have no finish reason yet
 */
export function encodeErrorChunk(
  about: { streamId: string; model: string; createdSeconds: number; requestId: string },
  unfinished: readonly number[],
  fault: Fault,
): Uint8Array<ArrayBuffer> {
  const chunk = {
    id: about.streamId,
    object: "chat.completion.chunk",
    created: about.createdSeconds,
    model: about.model,
    choices: unfinished.map((index) => ({
      index,
      delta: { content: "" },
      finish_reason: "error",
    })),
    error: toErrorBody(fault, about.requestId)["error"],
  };
  return utf8.encode(`data: ${JSON.stringify(chunk)}\n\n`);
}

/** Strips the framing of one event and gives its data, lines joined by LF as the standard says. */
export function dataOf(event: string): string {
  return event
    .split("\n")
    .filter((line) => line.startsWith("data:"))
    .map((line) => line.slice(line[5] === " " ? 6 : 5))
    .join("\n");
}
