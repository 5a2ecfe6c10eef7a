/** One stream's log in memory: frames as they came, and a cursor for each reader. */

import {
  FRAME_OVERHEAD_BYTES,
  LOG_OVERHEAD_BYTES,
  READ_BYTES,
  READER_LAG_BYTES,
  READERS_PER_STREAM,
} from "../core/bounds.ts";
import type { Frame } from "../core/event.ts";
import type { End, Reader, StreamInfo, StreamLog } from "./stream-store.ts";

/** What all logs of a store share. */
export interface Budget {
  /** Counts bytes in (or, negative, out) and makes room where it can. */
  add(bytes: number): void;
  /** Whether so much is held that writers must wait. */
  isFull(): boolean;
}

/** A log as its store sees it. */
export interface MemoryLog extends StreamLog {
  readers(): number;
  /** Drops the frames that every reader has read. */
  trim(): void;
  /** Lets a waiting writer look again. */
  wakeWriter(): void;
  /** Gives its bytes back: from now on only those who hold the log itself read it. */
  forget(): void;
}

interface Place {
  frame: number; // index of the next frame, counted from the very first one
  skip: number; // events of it that were read already
  seq: number; // seq of the next event
  wake: (() => void) | undefined;
}

export function createMemoryLog(
  info: StreamInfo,
  budget: Budget,
  onReaders: (count: number) => void,
): MemoryLog {
  const frames: Frame[] = [];
  const places = new Set<Place>();
  let trimmed = 0; // frames dropped at the front
  let firstSeq = 1; // seq of the first event still here
  let lastSeq = 0;
  let held = 0; // bytes of the frames still here, overhead included
  let appended = 0; // frame bytes ever appended
  let furthest = 0; // of those, how many the fastest reader has taken
  let end: End | undefined;
  let wakeWriter: (() => void) | undefined;
  let isForgotten = false;

  function hold(bytes: number): void {
    held += bytes;
    if (!isForgotten) budget.add(bytes);
  }
  hold(LOG_OVERHEAD_BYTES);
  const wakeReaders = () => {
    for (const place of places) place.wake?.();
  };
  const resumeWriter = () => {
    wakeWriter?.();
    wakeWriter = undefined;
  };
  const mustWait = () =>
    end === undefined && (appended - furthest > READER_LAG_BYTES || budget.isFull());

  function take(place: Place, taken: { bytes: number }) {
    const from = place.frame - trimmed;
    let to = from;
    let bytes = 0;
    let events = -place.skip;
    for (; to < frames.length; to++) {
      const frame = frames[to] as Frame;
      // A large frame goes alone, because frames that go together are copied into one.
      if (to > from && bytes + frame.bytes.length > READ_BYTES) break;
      bytes += frame.bytes.length;
      events += frame.ends.length;
    }
    if (to === from) return undefined;
    const batch = { frames: frames.slice(from, to), skip: place.skip, seq: place.seq };
    place.frame = trimmed + to;
    place.skip = 0;
    place.seq += events;
    taken.bytes += bytes;
    furthest = Math.max(furthest, taken.bytes);
    // While every writer waits, nothing but what readers have read can make room.
    if (budget.isFull()) trim();
    if (wakeWriter !== undefined && !mustWait()) resumeWriter();
    return batch;
  }

  function join(after: number): Reader | "gone" | "full" {
    if (after + 1 < firstSeq || after > lastSeq) return "gone";
    if (places.size >= READERS_PER_STREAM) return "full";
    let index = 0;
    let seq = firstSeq;
    let before = appended - frames.reduce((sum, frame) => sum + frame.bytes.length, 0);
    for (; index < frames.length; index++) {
      const frame = frames[index] as Frame;
      if (seq + frame.ends.length > after + 1) break;
      seq += frame.ends.length;
      before += frame.bytes.length;
    }
    const place: Place = {
      frame: trimmed + index,
      skip: after + 1 - seq,
      seq: after + 1,
      wake: undefined,
    };
    const taken = { bytes: before };
    places.add(place);
    onReaders(places.size);
    return {
      take: () => take(place, taken),
      changed: () =>
        new Promise((resolve) => {
          place.wake = resolve;
        }),
      nudge: () => place.wake?.(),
      leave() {
        if (!places.delete(place)) return;
        place.wake?.();
        onReaders(places.size);
      },
    };
  }

  function trim(): void {
    let keep = trimmed + frames.length;
    for (const place of places) keep = Math.min(keep, place.frame);
    let bytes = 0;
    while (trimmed < keep) {
      const frame = frames.shift() as Frame;
      bytes += frame.bytes.length + FRAME_OVERHEAD_BYTES;
      firstSeq += frame.ends.length;
      trimmed += 1;
    }
    hold(-bytes);
  }

  return {
    ...info,
    append(frame) {
      if (end !== undefined) return;
      frames.push(compact(frame));
      lastSeq += frame.ends.length;
      appended += frame.bytes.length;
      wakeReaders();
      hold(frame.bytes.length + FRAME_OVERHEAD_BYTES);
    },
    finish(how) {
      if (end !== undefined) return;
      end = how;
      wakeReaders();
      resumeWriter();
    },
    end: () => end,
    lastSeq: () => lastSeq,
    room: () => (mustWait() ? new Promise((resolve) => (wakeWriter = resolve)) : undefined),
    join,
    readers: () => places.size,
    trim,
    wakeWriter: resumeWriter,
    forget() {
      if (isForgotten) return;
      isForgotten = true;
      budget.add(-held);
    },
  };
}

/**
 * A frame that keeps no more memory than it is counted with: Deno reads 64 KiB at a time, and the few
 * hundred bytes of an event would keep all of that.
 */
function compact({ bytes, ends }: Frame): Frame {
  const isTight = bytes.buffer.byteLength <= 2 * bytes.length + FRAME_OVERHEAD_BYTES;
  return { bytes: isTight ? bytes : bytes.slice(), ends };
}
