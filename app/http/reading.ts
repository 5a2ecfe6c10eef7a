/** One response in the making: a reader of a log, in a dialect, with heartbeats and one ending. */

import { HEARTBEAT_JITTER } from "../core/bounds.ts";
import type { Reader, StreamLog } from "../stores/stream-store.ts";
import type { Dialect } from "./dialect.ts";

/** Bytes for a client, taken without waiting wherever there are any. */
export interface Reading {
  /**
   * The next bytes to write, or undefined when there are none yet.
   * @throws Fault when a fresh answer failed before its first event: the response can still say so
   */
  take(): Uint8Array<ArrayBuffer> | undefined;
  /** Resolves when `take` is worth another look. Never rejects. */
  changed(): Promise<void>;
  /** Nothing will come any more: the ending was taken, or the client has left. */
  isOver(): boolean;
  /** Gives the reader's place up; a second call does nothing. */
  leave(): void;
}

/**
 * @param options.signal the request's; its abort is the client leaving, if the answer was not over
 * @param options.isFresh this request asked for the answer, so a failure before it has a status
 */
export function startReading(options: {
  readonly log: StreamLog;
  readonly reader: Reader;
  readonly dialect: Dialect;
  readonly signal: AbortSignal;
  readonly heartbeatMs: number;
  readonly clock: () => number;
  readonly random: () => number;
  readonly isFresh: boolean;
  readonly onLeave: () => void;
}): Reading {
  const { log, reader, dialect, signal, clock, random } = options;
  let isOver = false;
  let isCommitted = false;
  let isBeatDue = false;
  let writtenMs = clock();
  let hasLeft = false;

  const newPeriodMs = () => options.heartbeatMs * (1 - HEARTBEAT_JITTER * random());
  let periodMs = newPeriodMs();
  // One timer looks when silence may have lasted long enough; writing costs it nothing but a clock reading.
  const pulse = () => {
    const leftMs = writtenMs + periodMs - clock();
    if (leftMs <= 0) {
      isBeatDue = true;
      periodMs = newPeriodMs();
      reader.nudge();
    }
    timer = setTimeout(pulse, leftMs > 0 ? leftMs : periodMs);
  };
  let timer = setTimeout(pulse, periodMs);

  function leave(): void {
    if (hasLeft) return;
    hasLeft = isOver = true;
    clearTimeout(timer);
    signal.removeEventListener("abort", leave);
    reader.leave();
    options.onLeave();
  }
  signal.addEventListener("abort", leave);
  if (signal.aborted) leave();

  function take(): Uint8Array<ArrayBuffer> | undefined {
    const stretch = reader.take();
    if (stretch !== undefined) return written(dialect.events(stretch));
    const end = log.end();
    if (end !== undefined) {
      if (end.failure !== undefined && options.isFresh && !isCommitted) throw end.failure.fault;
      isOver = true;
      return written(dialect.ending(end, log.lastSeq() + 1));
    }
    return isBeatDue ? written(dialect.heartbeat) : undefined;
  }

  function written(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    writtenMs = clock();
    isBeatDue = false;
    if (isCommitted) return bytes;
    isCommitted = true;
    return dialect.opening(bytes);
  }

  return { take, changed: () => reader.changed(), isOver: () => isOver, leave };
}
