/** Reads a completion as it passes: whether it is whole, and what it cost. */

import { CHARS_PER_TOKEN } from "./bounds.ts";
import { type ChunkFacts, DONE, readChunk, type Usage } from "./chunk.ts";
import { dataOf } from "./encode.ts";
import { bytesOf, type Frame } from "./frame.ts";
import type { IsPlain } from "./plain.ts";

/** What a chunk's JSON takes around its delta; recorded ones have 200 to 250 bytes. */
const CHUNK_BYTES = 250;

/** What one frame says about the end of its stream. */
export interface Reading {
  /** How many of the frame's events are the answer's; the rest is `[DONE]`, an error, or behind them. */
  readonly keep: number;
  /** `[DONE]` was read. */
  readonly done: boolean;
  /** Upstream's words when the frame holds an error frame or an event that is no JSON. */
  readonly error: string | undefined;
}

const utf8 = new TextDecoder();

/** Counts one completion. */
export interface Meter {
  read(frame: Frame): Reading;
  /** Reads a frame without trusting that its events are whole. */
  readInFull(frame: Frame): Reading;
  /** Reads a whole answer that came without streaming. */
  readAnswer(bytes: Uint8Array): ChunkFacts | undefined;
  /** Choices that have no finish reason yet. */
  unfinished(): number[];
  /** The finish reason of the lowest choice that has one. */
  finishReason(): string | null;
  /** Whether a choice ended with finish reason `error`. */
  endedInError(): boolean;
  /** Upstream's last usage, or null where none came. */
  usage(): Usage | null;
  /** Tokens of the answer, counted here; upstream's own count is in its usage. */
  countedTokens(): number;
}

/**
 * @param choices how many answers were asked for (`n`)
 * @param isPlain tells what need not be parsed
 */
export function createMeter(choices: number, isPlain: IsPlain): Meter {
  const reasons = new Map<number, string>();
  let usage: Usage | null = null;
  let counted = 0;

  function note(facts: ChunkFacts): void {
    for (const [index, reason] of facts.finished) reasons.set(index, reason);
    // An intermediate usage is on record, so the last one counts.
    if (facts.usage !== undefined) usage = facts.usage;
  }

  /** Mostly one token a chunk; chunks of more are counted by their length. */
  function count(events: number, bytes: number): void {
    counted += Math.max(events, Math.ceil((bytes - events * CHUNK_BYTES) / CHARS_PER_TOKEN));
  }

  function readEvent(text: string): Omit<Reading, "keep"> {
    const data = dataOf(text);
    if (data.trim() === DONE) return { done: true, error: undefined };
    const facts = readChunk(data);
    if (facts === undefined) return { done: false, error: "It sent an event that is no JSON." };
    if (facts.error === undefined) {
      note(facts);
      count(1, text.length);
    }
    return { done: false, error: facts.error };
  }

  /** Reads the events from one to before another: parses those that may tell something, halving the rest. */
  function readSome(frame: Frame, from: number, to: number): Reading {
    const some = bytesOf({ ...frame, from, to });
    if (endInBraces(frame, from, to) && isPlain(some)) {
      count(to - from, some.length);
      return { keep: to, done: false, error: undefined };
    }
    if (to - from === 1) {
      const { done, error } = readEvent(utf8.decode(some));
      return { keep: done || error !== undefined ? from : to, done, error };
    }
    const middle = (from + to) >> 1;
    const first = readSome(frame, from, middle);
    return first.keep < middle ? first : readSome(frame, middle, to);
  }

  function readInFull(frame: Frame): Reading {
    let start = 0;
    for (const [i, end] of frame.ends.entries()) {
      const { done, error } = readEvent(utf8.decode(frame.bytes.subarray(start, end)));
      if (done || error !== undefined) return { keep: i, done, error };
      start = end;
    }
    return { keep: frame.ends.length, done: false, error: undefined };
  }

  return {
    read: (frame) => readSome(frame, 0, frame.ends.length),
    readInFull,
    readAnswer: (bytes) => {
      const json = utf8.decode(bytes);
      const facts = readChunk(json);
      if (facts !== undefined) {
        note(facts);
        counted = Math.ceil(json.length / CHARS_PER_TOKEN);
      }
      return facts;
    },
    unfinished: () => Array.from({ length: choices }, (_, i) => i).filter((i) => !reasons.has(i)),
    finishReason: () =>
      reasons.size === 0 ? null : (reasons.get(Math.min(...reasons.keys())) ?? null),
    endedInError: () => [...reasons.values()].includes("error"),
    usage: () => usage,
    countedTokens: () => counted,
  };
}

/** Whether every event ends as a JSON object does: one that was cut inside is read in full. */
function endInBraces({ bytes, ends }: Frame, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (bytes[(ends[i] as number) - 3] !== 0x7d) return false;
  return true;
}
