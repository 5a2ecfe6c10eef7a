/** One completion: from upstream through the meter into the log, owned by no connection. */

import { createSplitter } from "./core/event.ts";
import { concat, type Frame, head } from "./core/frame.ts";
import { type Failure, Fault, failure } from "./core/fault.ts";
import type { Meter, Reading } from "./core/meter.ts";
import { type DeadlineLengths, startDeadlines } from "./deadlines.ts";
import type { End, StreamLog } from "./stores/stream-store.ts";
import { type Body, drop, endBody } from "./upstream/body.ts";
import type { Opened } from "./upstream/transport.ts";

/** Everything a relay needs; it reads no configuration and knows no client. */
export interface RelayParts {
  readonly log: StreamLog;
  readonly meter: Meter;
  /** Asks upstream and never rejects; the signal ends the asking and the answer alike. */
  readonly open: (signal: AbortSignal) => Promise<Opened>;
  readonly deadlines: DeadlineLengths;
  readonly maxEventBytes: number;
  readonly clock: () => number;
  /** Told once that the first event is there. */
  readonly onFirstEvent: () => void;
  /** Told the end before any reader is, so that whoever reads it finds its slot given back; never throws. */
  readonly settle: (end: End) => void;
}

/** A running completion. */
export interface Relay {
  readonly log: StreamLog;
  /** Ends it with this failure unless it has ended; upstream is cancelled at once. */
  cancel(why: Failure): void;
  /** Resolves when the log is finished. Never rejects. */
  readonly ended: Promise<End>;
}

/** Ends an unfinished last line and its event. */
const BLANK_LINE = Uint8Array.of(10, 10);

/** Starts a completion. Whatever happens, its log is finished exactly once. */
export function startRelay(parts: RelayParts): Relay {
  const { log, meter, maxEventBytes } = parts;
  const controller = new AbortController();
  const cancelled = Promise.withResolvers<void>();
  let why: Failure | undefined;
  let body: Body | undefined;
  let opened: Extract<Opened, { response: Response }> | undefined;

  function cancel(failed: Failure): void {
    if (why !== undefined) return;
    why = failed;
    controller.abort(failed.fault);
    cancelled.resolve();
    // A pending read ends at once through this, on either runtime and behind any fetch.
    if (body !== undefined) drop(body);
  }

  const deadlines = startDeadlines(parts.deadlines, parts.clock, cancel);

  function append(frame: Frame): void {
    if (log.lastSeq() === 0) {
      deadlines.firstEvent();
      parts.onFirstEvent();
      opened?.report(true);
    }
    log.append(frame);
  }

  function toldAs(words: string): Failure {
    return failure("upstream_failed", opened?.redact?.(words) ?? words);
  }

  /** @returns whether `[DONE]` was read, or how the frame breaks the answer off */
  function keep(frame: Frame, reading: Reading): boolean | Failure {
    if (reading.keep > 0) append(head(frame, reading.keep));
    if (reading.error === undefined) return reading.done;
    return toldAs(`Upstream broke the answer off: ${reading.error}`);
  }

  /** Waits until the readers have caught up; upstream's silence meanwhile is ours. */
  async function waitFor(room: Promise<void>): Promise<void> {
    deadlines.pause();
    await Promise.race([room, cancelled.promise]);
    deadlines.resume();
  }

  /** @returns whether `[DONE]` was read, or how the answer failed */
  async function readEvents(from: Body): Promise<boolean | Failure> {
    const splitter = createSplitter(maxEventBytes);
    for (;;) {
      const { done, value } = await from.read();
      if (why !== undefined) return why;
      if (done) break;
      deadlines.heard();
      for (const frame of splitter.push(value)) {
        const ended = keep(frame, meter.read(frame));
        if (ended !== false) return ended;
      }
      const room = log.room();
      if (room !== undefined) await waitFor(room);
    }
    if (splitter.rest().length === 0) return false;
    // An upstream may owe the last blank line; or it broke off, and what is left is no JSON.
    const [last] = splitter.push(BLANK_LINE);
    return last === undefined ? false : keep(last, meter.readInFull(last));
  }

  /** Reads the one JSON body of a call without streaming. */
  async function readAnswer(from: Body): Promise<false | Failure> {
    const chunks: Uint8Array[] = [];
    let size = 0;
    for (;;) {
      const { done, value } = await from.read();
      if (why !== undefined) return why;
      if (done) break;
      size += value.length;
      if (size > maxEventBytes) {
        const words = `Upstream's answer has more than ${maxEventBytes} bytes.`;
        return failure("upstream_failed", words);
      }
      chunks.push(value);
    }
    const bytes = concat(chunks, size);
    const facts = meter.readAnswer(bytes);
    if (facts === undefined)
      return failure("upstream_failed", "Upstream's answer is no JSON object.");
    if (facts.error !== undefined) return toldAs(`Upstream failed: ${facts.error}`);
    append({ bytes, ends: [bytes.length] });
    return false;
  }

  async function read(response: Response): Promise<boolean | Failure> {
    if (response.body === null) return failure("upstream_failed", "Upstream's answer has no body.");
    body = response.body.getReader() as Body;
    if (why !== undefined) {
      drop(body);
      return why;
    }
    const ended = await (log.kind === "events" ? readEvents(body) : readAnswer(body));
    if (ended === true) endBody(body);
    else if (ended !== false) drop(body);
    return ended;
  }

  async function run(): Promise<End> {
    let ended: boolean | Failure;
    try {
      const answer = await parts.open(controller.signal);
      deadlines.heard();
      if ("failure" in answer) ended = answer.failure;
      else {
        opened = answer;
        ended = await read(answer.response);
      }
    } catch (thrown) {
      if (body !== undefined) drop(body);
      ended = brokenOff(thrown);
    }
    deadlines.clear();
    // What we ended ourselves fails in many ways underneath; the reason is the one we had.
    if (why !== undefined && ended !== true) ended = why;
    const isUpstreams = why === undefined || why.outcome === "first_event_timeout";
    if (log.lastSeq() === 0) opened?.report(!isUpstreams);
    return judge(log, meter, ended);
  }

  const ended = run().then((end) => {
    parts.settle(end);
    log.finish(end);
    return end;
  });
  return { log, cancel, ended };
}

/** A completion is whole when every choice has its finish reason; nothing else makes it so. */
function judge(log: StreamLog, meter: Meter, ended: boolean | Failure): End {
  const unfinished = log.kind === "events" ? meter.unfinished() : [];
  const isWhole = log.lastSeq() > 0 && unfinished.length === 0 && !meter.endedInError();
  let failed = typeof ended === "boolean" ? undefined : ended;
  if (isWhole && log.kind === "events") failed = undefined;
  else if (!isWhole && failed === undefined) {
    const what = meter.endedInError() ? 'with finish_reason "error"' : "without a finish_reason";
    failed = failure("upstream_failed", `Upstream ended the answer ${what}.`);
  }
  return {
    outcome: failed?.outcome ?? "completed",
    failure: failed,
    finishReason: meter.finishReason(),
    usage: meter.usage(),
    done: ended === true,
    unfinished,
  };
}

function brokenOff(thrown: unknown): Failure {
  if (thrown instanceof Fault) return { outcome: "upstream_failed", fault: thrown };
  return failure("upstream_failed", "Upstream's connection broke before the end of the answer.", {
    cause: thrown,
  });
}
