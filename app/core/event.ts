/** Whole events out of any split of bytes. Format: WHATWG HTML, section 9.2 (server-sent events). */

import { Fault } from "./fault.ts";
import { concat, type Frame } from "./frame.ts";
import { createLineEnds } from "./line-ends.ts";

/** Takes network reads, gives frames; keeps what is not whole yet. */
export interface Splitter {
  /**
   * @returns the events that `chunk` completes, in order: the one that was begun before it, which is
   *   put together, apart from those that stand in it whole, which are not copied
   * @throws Fault `upstream_failed` when one event is longer than the bound
   */
  push(chunk: Uint8Array<ArrayBuffer>): readonly Frame[];
  /** What is left at the end of the bytes; empty when the last event was whole. */
  rest(): Uint8Array<ArrayBuffer>;
}

const LF = 10;
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

  function keep(input: Uint8Array): void {
    const need = length + input.length;
    if (need > maxEventBytes) throw tooLong(maxEventBytes);
    if (pending.length < need) {
      const grown = new Uint8Array(Math.max(need, Math.min(2 * pending.length, maxEventBytes)));
      grown.set(pending.subarray(0, length));
      pending = grown;
    }
    pending.set(input, length);
    length = need;
  }

  function push(chunk: Uint8Array<ArrayBuffer>): readonly Frame[] {
    const input = toLf(chunk);
    const frames: Frame[] = [];
    let from = 0;
    if (length > 0) {
      from = endOfFirst(input, pending[length - 1] === LF);
      keep(from < 0 ? input : input.subarray(0, from));
      if (from < 0) return frames;
      split(pending.subarray(0, length), maxEventBytes, frames);
      pending = EMPTY;
      length = 0;
    }
    const whole = from === 0 ? input : input.subarray(from);
    const left = split(whole, maxEventBytes, frames);
    if (left < whole.length) keep(whole.subarray(left));
    return frames;
  }

  return { push, rest: () => pending.slice(0, length) };
}

/**
 * @param isBlank what came before ends in LF, so that an LF now ends the event
 * @returns the offset behind the first event's end, or -1
 */
function endOfFirst(bytes: Uint8Array, isBlank: boolean): number {
  if (isBlank && bytes[0] === LF) return 1;
  let lf = bytes.indexOf(LF);
  while (lf >= 0 && bytes[lf + 1] !== LF) lf = bytes.indexOf(LF, lf + 1);
  return lf < 0 ? -1 : lf + 2;
}

/**
 * Puts the whole events of bytes that begin with one into a frame.
 * @returns the offset behind the last of them
 */
function split(bytes: Uint8Array<ArrayBuffer>, maxEventBytes: number, into: Frame[]): number {
  const ends: number[] = [];
  let allPlain = true; // data lines alone, back to back
  let start = 0; // of the event
  let line = 0; // start of the line
  for (let lf = bytes.indexOf(LF); lf >= 0; lf = bytes.indexOf(LF, line)) {
    if (lf > line) {
      allPlain &&= isDataLine(bytes, line);
      line = lf + 1;
      // Nearly every line is the last one of its event.
      if (bytes[line] !== LF) continue;
    } else if (lf === start) {
      // A blank line too many: left out when the event behind it is told.
      allPlain = false;
      start = line = lf + 1;
      continue;
    }
    line += 1;
    if (line - start > maxEventBytes) throw tooLong(maxEventBytes);
    ends.push(line);
    start = line;
  }
  const size = ends.at(-1);
  if (size === undefined) return start;
  if (!allPlain) cleanEvents(bytes, ends, into);
  else into.push({ bytes: size === bytes.length ? bytes : bytes.subarray(0, size), ends });
  return start;
}

/** The `data` lines of events that have others too. */
function cleanEvents(bytes: Uint8Array, ends: readonly number[], into: Frame[]): void {
  const parts: Uint8Array[] = [];
  const kept: number[] = [];
  let size = 0;
  let start = 0;
  for (const end of ends) {
    const event = dataLines(bytes.subarray(start, end));
    start = end;
    if (event.length === 0) continue;
    parts.push(event);
    size += event.length;
    kept.push(size);
  }
  if (kept.length > 0) into.push({ bytes: concat(parts, size), ends: kept });
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

function tooLong(maxEventBytes: number): Fault {
  return new Fault(
    "upstream_failed",
    `Upstream sent an event of more than ${maxEventBytes} bytes.`,
  );
}
