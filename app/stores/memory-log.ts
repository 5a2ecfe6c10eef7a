/** One stream's log in memory: blocks of events, and a cursor for each reader. */

import { LOG_OVERHEAD_BYTES, READER_LAG_BYTES, READERS_PER_STREAM } from "../core/bounds.ts";
import { type Frame, startOf, type Stretch } from "../core/frame.ts";
import { appendTo, type Block, sizeOf, tighten, usedOf } from "./blocks.ts";
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
  /** Drops the blocks that every reader has read. */
  trim(): void;
  /** Lets a waiting writer look again. */
  wakeWriter(): void;
  /** Gives its bytes back: from now on only those who hold the log itself read it. */
  forget(): void;
}

interface Place {
  block: number; // counted from the very first one
  event: number; // of that block, the next to be read
  seq: number; // of that event
  bytes: number; // that lie before it, of all ever appended
  wake: (() => void) | undefined;
}

export function createMemoryLog(
  info: StreamInfo,
  budget: Budget,
  onReaders: (count: number) => void,
): MemoryLog {
  const blocks: Block[] = [];
  const places = new Set<Place>();
  let trimmed = 0; // blocks dropped at the front
  let firstSeq = 1; // seq of the first event still here
  let lastSeq = 0;
  let held = 0; // bytes of the blocks still here, overhead included
  let appended = 0; // bytes of all events ever appended
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

  function append(frame: Frame): void {
    if (end !== undefined) return;
    const grown = appendTo(blocks, frame);
    lastSeq += frame.ends.length;
    appended += frame.bytes.length;
    wakeReaders();
    hold(grown);
  }

  function take(place: Place): Stretch | undefined {
    let block = blocks[place.block - trimmed];
    if (block !== undefined && place.event === block.ends.length) {
      block = blocks[place.block + 1 - trimmed];
      if (block !== undefined) {
        place.block += 1;
        place.event = 0;
      }
    }
    if (block === undefined) return undefined;
    const { bytes, ends } = block;
    const { event: from, seq } = place;
    const to = ends.length;
    place.event = to;
    place.seq += to - from;
    place.bytes += usedOf(block) - startOf(block, from);
    furthest = Math.max(furthest, place.bytes);
    // While every writer waits, nothing but what readers have read can make room.
    if (budget.isFull()) trim();
    if (wakeWriter !== undefined && !mustWait()) resumeWriter();
    return { bytes, ends, from, to, seq };
  }

  function find(after: number): Place {
    let block = 0;
    let seq = firstSeq;
    let bytes = appended - blocks.reduce((sum, one) => sum + usedOf(one), 0);
    for (const one of blocks) {
      if (seq + one.ends.length > after) break;
      seq += one.ends.length;
      bytes += usedOf(one);
      block += 1;
    }
    const event = after + 1 - seq;
    if (event > 0) bytes += blocks[block]?.ends[event - 1] ?? 0;
    return { block: trimmed + block, event, seq: after + 1, bytes, wake: undefined };
  }

  function join(after: number): Reader | "gone" | "full" {
    if (after + 1 < firstSeq || after > lastSeq) return "gone";
    if (places.size >= READERS_PER_STREAM) return "full";
    const place = find(after);
    places.add(place);
    onReaders(places.size);
    return {
      take: () => take(place),
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
    let keep = trimmed + blocks.length;
    for (const place of places) {
      const isRead = place.event === blocks[place.block - trimmed]?.ends.length;
      keep = Math.min(keep, isRead ? place.block + 1 : place.block);
    }
    const dropped = blocks.splice(0, keep - trimmed);
    trimmed = keep;
    for (const place of places) {
      if (place.block >= keep) continue;
      place.block = keep;
      place.event = 0;
    }
    firstSeq += dropped.reduce((sum, block) => sum + block.ends.length, 0);
    hold(-dropped.reduce((sum, block) => sum + sizeOf(block), 0));
  }

  return {
    ...info,
    append,
    finish(how) {
      if (end !== undefined) return;
      end = how;
      const room = tighten(blocks);
      wakeReaders();
      resumeWriter();
      hold(-room);
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
