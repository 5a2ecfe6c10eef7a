/** The three deadlines of a completion on one timer, which looks only when one may be over. */

import { type Failure, failure } from "./core/fault.ts";

/** Lengths in milliseconds. */
export interface DeadlineLengths {
  /** From admission to the first event; infinite for an answer without streaming. */
  readonly firstEventMs: number;
  /** Between reads from upstream; infinite for an answer without streaming. */
  readonly idleMs: number;
  /** From admission to the end. */
  readonly totalMs: number;
}

/** Running deadlines. Nothing here costs more than a clock reading per event. */
export interface Deadlines {
  /** Upstream was heard of. */
  heard(): void;
  firstEvent(): void;
  /** Upstream is kept waiting by us, so its silence is not its own. */
  pause(): void;
  resume(): void;
  clear(): void;
}

/** @param expire told at most once, with the deadline that passed */
export function startDeadlines(
  lengths: DeadlineLengths,
  clock: () => number,
  expire: (why: Failure) => void,
): Deadlines {
  const startedMs = clock();
  let lastMs = startedMs;
  let hasEvents = false;
  let isPaused = false;
  let timer = setTimeout(check, untilNext());

  function untilNext(): number {
    const quietMs = hasEvents ? lastMs + lengths.idleMs : startedMs + lengths.firstEventMs;
    const nextMs = Math.min(
      startedMs + lengths.totalMs,
      isPaused ? Number.POSITIVE_INFINITY : quietMs,
    );
    // setTimeout takes 31 bits; a deadline further off is looked at again then.
    return Math.min(Math.max(nextMs - clock(), 0), 2 ** 31 - 1);
  }

  function check(): void {
    const passed = over();
    if (passed !== undefined) expire(passed);
    else timer = setTimeout(check, Math.max(1, untilNext()));
  }

  function over(): Failure | undefined {
    const now = clock();
    if (now >= startedMs + lengths.totalMs) {
      return failure("total_timeout", `The answer took more than ${lengths.totalMs} ms in all.`);
    }
    if (isPaused) return undefined;
    if (!hasEvents && now >= startedMs + lengths.firstEventMs) {
      return failure(
        "first_event_timeout",
        `Upstream sent nothing for ${lengths.firstEventMs} ms.`,
      );
    }
    if (hasEvents && now >= lastMs + lengths.idleMs) {
      return failure("idle_timeout", `Upstream fell silent for ${lengths.idleMs} ms.`);
    }
    return undefined;
  }

  return {
    heard() {
      lastMs = clock();
    },
    firstEvent() {
      hasEvents = true;
      // The idle deadline may come before the first-event one that the timer was set for.
      if (lengths.idleMs < lengths.firstEventMs) {
        clearTimeout(timer);
        timer = setTimeout(check, untilNext());
      }
    },
    pause() {
      isPaused = true;
    },
    resume() {
      isPaused = false;
      lastMs = clock();
      clearTimeout(timer);
      timer = setTimeout(check, untilNext());
    },
    clear: () => clearTimeout(timer),
  };
}
