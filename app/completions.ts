/** The completions of this process: each started once, read by many, settled once. */

import { type Failure, failure } from "./core/fault.ts";
import { createMeter } from "./core/meter.ts";
import type { IsPlain } from "./core/plain.ts";
import type { DeadlineLengths } from "./deadlines.ts";
import { type Relay, startRelay } from "./relay.ts";
import type { End, StreamInfo, StreamLog, StreamStore } from "./stores/stream-store.ts";
import { correlationIdOf } from "./upstream/refusal.ts";
import type { Opened } from "./upstream/transport.ts";

/** One completion to start. */
export interface Start extends StreamInfo {
  /** Digest of the key that asked: revoking it ends the stream. */
  readonly digest: string;
  /** Answers asked for (`n`). */
  readonly choices: number;
  /** How long the completion outlives its last reader. */
  readonly graceMs: number;
  readonly open: (signal: AbortSignal) => Promise<Opened>;
  /** Told how it ended, before any reader is. */
  readonly settle: (told: Told) => void;
}

/** What is known of a completion at its end. */
export interface Told {
  readonly end: End;
  readonly events: number;
  readonly durationMs: number;
  readonly firstEventMs: number | undefined;
  /** Tokens of the answer, counted here for the case that upstream never said. */
  readonly countedTokens: number;
  /** Upstream's name for the exchange. */
  readonly correlationId: string | undefined;
}

/** Starts completions and ends them early. */
export interface Completions {
  start(what: Start): StreamLog;
  /** Ends a completion of this process and waits until it is settled. */
  cancel(id: string, why: Failure): Promise<void>;
  /** Ends the owner's oldest completion that nobody reads. @returns whether there was one */
  giveWay(owner: string): Promise<boolean>;
  /** Ends every completion that was asked for with another digest than these. */
  revoke(isValid: (digest: string) => boolean): void;
  /** Ends every completion. */
  cancelAll(why: Failure): Promise<void>;
  open(): number;
}

interface Running {
  readonly relay: Relay;
  readonly owner: string;
  readonly digest: string;
  /** Undefined until the first one is there, which is on its way while the completion starts. */
  readers: number | undefined;
}

/** From the start of a completion to its first reader; in one process that is less than a tick. */
const JOIN_MS = 1000;

export function createCompletions(parts: {
  readonly streams: StreamStore;
  readonly deadlines: DeadlineLengths;
  readonly maxEventBytes: number;
  readonly isPlain: IsPlain;
  readonly clock: () => number;
  /** Told what should never happen. */
  readonly onBug: (cause: unknown) => void;
}): Completions {
  const { streams, clock } = parts;
  const running = new Map<string, Running>();

  function start(what: Start): StreamLog {
    const { id, owner, model, kind, createdMs } = what;
    let grace: ReturnType<typeof setTimeout> | undefined;
    let firstEventMs: number | undefined;
    let correlationId: string | undefined;

    const log = streams.create({ id, owner, model, kind, createdMs }, (readers) => {
      const here = running.get(id);
      if (here === undefined) return;
      here.readers = readers;
      clearTimeout(grace);
      if (readers > 0) return;
      if (what.graceMs === 0) leave();
      else grace = setTimeout(leave, what.graceMs);
    });
    const leave = () => relay.cancel(failure("client_gone", "Nobody was left to read."));
    const meter = createMeter(what.choices, parts.isPlain);
    const relay = startRelay({
      log,
      meter,
      async open(signal) {
        const opened = await what.open(signal);
        correlationId =
          "response" in opened ? correlationIdOf(opened.response) : opened.correlationId;
        return opened;
      },
      // Without streaming nothing flows until the whole answer does: only the total can hold.
      deadlines:
        kind === "events"
          ? parts.deadlines
          : { firstEventMs: Infinity, idleMs: Infinity, totalMs: parts.deadlines.totalMs },
      maxEventBytes: parts.maxEventBytes,
      clock,
      onFirstEvent() {
        firstEventMs = clock() - createdMs;
      },
      settle(end) {
        clearTimeout(grace);
        running.delete(id);
        const durationMs = clock() - createdMs;
        const events = log.lastSeq();
        const countedTokens = meter.countedTokens();
        try {
          what.settle({ end, events, durationMs, firstEventMs, countedTokens, correlationId });
        } catch (cause) {
          // Whatever is wrong with our books, readers must hear of the end.
          parts.onBug(cause);
        }
      },
    });
    // Whoever asked joins at once; should it fail to, the completion must not run on for nobody.
    grace = setTimeout(leave, Math.max(what.graceMs, JOIN_MS));
    running.set(id, { relay, owner, digest: what.digest, readers: undefined });
    return log;
  }

  async function cancelRunning(those: Iterable<Running>, why: Failure): Promise<void> {
    const ends = Array.from(those, ({ relay }) => {
      relay.cancel(why);
      return relay.ended;
    });
    await Promise.all(ends);
  }

  return {
    start,
    async cancel(id, why) {
      const here = running.get(id);
      if (here !== undefined) await cancelRunning([here], why);
    },
    async giveWay(owner) {
      for (const here of running.values()) {
        if (here.owner !== owner || here.readers !== 0) continue;
        await cancelRunning([here], failure("client_gone", "A newer stream took the place."));
        return true;
      }
      return false;
    },
    revoke(isValid) {
      for (const { relay, digest } of running.values()) {
        if (!isValid(digest)) relay.cancel(failure("revoked", "The key was revoked."));
      }
    },
    cancelAll: (why) => cancelRunning(running.values(), why),
    open: () => running.size,
  };
}
