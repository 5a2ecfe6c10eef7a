/** Whole events out of any split of bytes. Format: WHATWG HTML, section 9.2 (server-sent events). */

import { Fault } from "./fault.ts";

/** Whole events, back to back: `bytes` holds them, `ends[i]` is the offset behind event i. */
export interface Frame {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly ends: readonly number[];
}

/** Takes network reads, gives frames; keeps what is not whole yet. */
export interface Splitter {
  /**
   * @returns the events that `chunk` completes, or undefined when there is none
   * @throws Fault `upstream_failed` when one event is longer than the bound
   */
  push(chunk: Uint8Array<ArrayBuffer>): Frame | undefined;
  /** What is left at the end of the bytes; empty when the last event was whole. */
  rest(): Uint8Array<ArrayBuffer>;
}

const LF = 10;
const CR = 13;
const EMPTY = new Uint8Array(0);

/**
 * Splits an event stream into frames. Events of `data` lines alone, which is all that Mistral
 * sends, pass byte for byte. Of others only the `data` lines are kept: an upstream `id`, `retry` or
 * `event` must not reach a client as if it were ours, and an event without data is no event. Lines
 * that end in CRLF or CR come out ending in LF, which no parser can tell apart.
 * @param maxEventBytes the longest event let through
 */
export function createSplitter(maxEventBytes: number): Splitter {
  const toLf = createLineEnds();
  let pending: Uint8Array<ArrayBuffer> = EMPTY; // its first `length` bytes begin an unfinished event
  let length = 0;
  let lineStart = 0; // where in `pending` its last, unfinished line starts
  let isPlain = true; // that event has been data lines alone so far

  function append(input: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    if (length === 0) return input;
    const need = length + input.length;
    if (pending.length < need) {
      const grown = new Uint8Array(Math.max(need, Math.min(2 * pending.length, maxEventBytes)));
      grown.set(pending.subarray(0, length));
      pending = grown;
    }
    pending.set(input, length);
    return pending.subarray(0, need);
  }

  function push(chunk: Uint8Array<ArrayBuffer>): Frame | undefined {
    const scanned = length;
    const bytes = append(toLf(chunk));
    const spans: number[] = []; // start and end of each event, in turn
    let allPlain = true; // they are data lines alone, back to back
    let eventStart = 0;
    for (let lf = bytes.indexOf(LF, scanned); lf >= 0; lf = bytes.indexOf(LF, lineStart)) {
      if (lf > lineStart) {
        isPlain &&= isDataLine(bytes, lineStart);
      } else {
        if (lf > eventStart) spans.push(eventStart, lf + 1);
        allPlain &&= isPlain && lf > eventStart;
        isPlain = true;
        if (lf + 1 - eventStart > maxEventBytes) throw tooLong(maxEventBytes);
        eventStart = lf + 1;
      }
      lineStart = lf + 1;
    }
    length = bytes.length - eventStart;
    if (length > maxEventBytes) throw tooLong(maxEventBytes);
    lineStart -= eventStart;
    if (length === 0) pending = EMPTY;
    else if (eventStart > 0 || scanned === 0) pending = bytes.slice(eventStart);
    return toFrame(bytes, spans, allPlain);
  }

  return { push, rest: () => pending.slice(0, length) };
}

function toFrame(
  bytes: Uint8Array<ArrayBuffer>,
  spans: readonly number[],
  allPlain: boolean,
): Frame | undefined {
  if (spans.length === 0) return undefined;
  const ends: number[] = [];
  if (allPlain) {
    for (let i = 1; i < spans.length; i += 2) ends.push(spans[i] as number);
    const size = ends.at(-1) as number;
    return { bytes: size === bytes.length ? bytes : bytes.subarray(0, size), ends };
  }
  const parts: Uint8Array[] = [];
  let size = 0;
  for (let i = 0; i < spans.length; i += 2) {
    const event = dataLines(bytes.subarray(spans[i], spans[i + 1]));
    if (event.length === 0) continue;
    parts.push(event);
    size += event.length;
    ends.push(size);
  }
  return ends.length === 0 ? undefined : { bytes: concat(parts, size), ends };
}

/** The `data` lines of one event and its blank line, or nothing where it has none. */
function dataLines(event: Uint8Array): Uint8Array {
  const kept: Uint8Array[] = [];
  let size = 0;
  for (let start = 0; start < event.length - 1; ) {
    const next = event.indexOf(LF, start) + 1;
    if (isDataLine(event, start)) {
      kept.push(event.subarray(start, next));
      size += next - start;
    }
    start = next;
  }
  if (kept.length === 0) return EMPTY;
  kept.push(event.subarray(-1));
  return concat(kept, size + 1);
}

/** Whether the line is a `data` field: the name, then a colon or the end of the line. */
function isDataLine(bytes: Uint8Array, at: number): boolean {
  const isData =
    bytes[at] === 0x64 &&
    bytes[at + 1] === 0x61 &&
    bytes[at + 2] === 0x74 &&
    bytes[at + 3] === 0x61;
  return isData && (bytes[at + 4] === 0x3a || bytes[at + 4] === LF);
}

/**
 * Turns CRLF and CR into LF and drops a byte order mark. A CR counts at once: the LF that may
 * follow in the next read is swallowed there, so that no event waits for a byte that may not come.
 */
function createLineEnds(): (chunk: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer> {
  let bomBytesSeen = 0;
  let afterCr = false;
  const bom = [0xef, 0xbb, 0xbf];
  return (chunk) => {
    let input = chunk;
    while (bomBytesSeen < bom.length && input.length > 0) {
      if (input[0] !== bom[bomBytesSeen]) {
        bomBytesSeen = bom.length;
        break;
      }
      input = input.subarray(1);
      bomBytesSeen += 1;
    }
    // JSON never holds a bare CR, so one look settles it for every upstream that ends lines in LF.
    if (!afterCr && input.indexOf(CR) < 0) return input;
    const out = new Uint8Array(input.length);
    let size = 0;
    for (const byte of input) {
      if (!(afterCr && byte === LF)) out[size++] = byte === CR ? LF : byte;
      afterCr = byte === CR;
    }
    return out.subarray(0, size);
  };
}

/** The first events of a frame, without copying them. */
export function head(frame: Frame, events: number): Frame {
  if (events === frame.ends.length) return frame;
  const ends = frame.ends.slice(0, events);
  return { bytes: frame.bytes.subarray(0, ends.at(-1)), ends };
}

/** Joins byte arrays whose lengths add up to `size`. */
export function concat(parts: readonly Uint8Array[], size: number): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(size);
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

function tooLong(maxEventBytes: number): Fault {
  return new Fault(
    "upstream_failed",
    `Upstream sent an event of more than ${maxEventBytes} bytes.`,
  );
}
