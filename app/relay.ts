/** One completion: from upstream through the meter into the log, owned by no connection. */

import { BODY_END_MS } from "./core/bounds.ts";
import { closeEvent } from "./core/encode.ts";
import { concat, createSplitter, type Frame } from "./core/event.ts";
import { type Failure, Fault, failure } from "./core/fault.ts";
import type { Meter } from "./core/meter.ts";
import { type DeadlineLengths, startDeadlines } from "./deadlines.ts";
import type { End, StreamLog } from "./stores/stream-store.ts";
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
  /** Told the end before any reader is, so that whoever reads it finds its slot given back. */
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

type Body = ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>;

/** Starts a completion. Whatever happens, its log is finished exactly once. */
export function startRelay(parts: RelayParts): Relay {
  const { log, meter } = parts;
  const controller = new AbortController();
  const cancelled = Promise.withResolvers<void>();
  let why: Failure | undefined;
  let body: Body | undefined;

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
    }
    log.append(frame);
  }

  /** @returns whether `[DONE]` was read, or how the frame breaks the answer off */
  function readFrame(frame: Frame): boolean | Failure {
    const reading = meter.read(frame);
    if (reading.keep > 0) append(head(frame, reading.keep));
    if (reading.error === undefined) return reading.done;
    return failure("upstream_failed", `Upstream broke the answer off: ${reading.error}`);
  }

  /** Waits until the readers have caught up; upstream's silence meanwhile is ours. */
  async function waitFor(room: Promise<void>): Promise<void> {
    deadlines.pause();
    await Promise.race([room, cancelled.promise]);
    deadlines.resume();
  }

  /** @returns whether `[DONE]` was read, or how the answer failed */
  async function readEvents(from: Body): Promise<boolean | Failure> {
    const splitter = createSplitter(parts.maxEventBytes);
    for (;;) {
      const { done, value } = await from.read();
      if (why !== undefined) return why;
      if (done) break;
      deadlines.heard();
      const frame = splitter.push(value);
      if (frame === undefined) continue;
      const ended = readFrame(frame);
      if (ended !== false) return ended;
      const room = log.room();
      if (room !== undefined) await waitFor(room);
    }
    const rest = splitter.rest();
    if (rest.length === 0) return false;
    const bytes = closeEvent(rest);
    return readFrame({ bytes, ends: [bytes.length] });
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
      if (size > parts.maxEventBytes) {
        return failure("upstream_failed", `Upstream's answer has more than ${parts.maxEventBytes} bytes.`);
      }
      chunks.push(value);
    }
    const bytes = concat(chunks, size);
    const facts = meter.readAnswer(new TextDecoder().decode(bytes));
    if (facts === undefined) return failure("upstream_failed", "Upstream's answer is no JSON object.");
    if (facts.error !== undefined) return failure("upstream_failed", `Upstream failed: ${facts.error}`);
    append({ bytes, ends: [bytes.length] });
    return false;
  }

  async function read(response: Response): Promise<boolean | Failure> {
    if (response.body === null) return failure("upstream_failed", "Upstream's answer has no body.");
    body = response.body.getReader() as Body;
    if (why !== undefined) return why;
    const ended = await (log.kind === "events" ? readEvents(body) : readAnswer(body));
    if (ended === true) endBody(body);
    else if (ended !== false) drop(body);
    return ended;
  }

  async function run(): Promise<End> {
    let ended: boolean | Failure;
    let opened: Opened | undefined;
    try {
      opened = await parts.open(controller.signal);
      deadlines.heard();
      ended = "failure" in opened ? opened.failure : await read(opened.response);
    } catch (thrown) {
      if (body !== undefined) drop(body);
      ended = brokenOff(thrown);
    }
    deadlines.clear();
    // What we ended ourselves fails in many ways underneath; the reason is the one we had.
    if (why !== undefined && ended !== true) ended = why;
    const isUpstreams = why === undefined || why.outcome === "first_event_timeout";
    if (opened !== undefined && "report" in opened) opened.report(log.lastSeq() > 0 || !isUpstreams);
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

function head(frame: Frame, events: number): Frame {
  if (events === frame.ends.length) return frame;
  const ends = frame.ends.slice(0, events);
  return { bytes: frame.bytes.subarray(0, ends.at(-1)), ends };
}

/** Lets upstream end its body after `[DONE]`, so that the connection is used again. */
function endBody(body: Body): void {
  const timer = setTimeout(() => drop(body), BODY_END_MS);
  const readOut = async () => {
    while (!(await body.read()).done);
  };
  readOut()
    .catch(() => {})
    .finally(() => clearTimeout(timer));
}

/** Ends a body whose rest nobody wants; that it may be broken already is no news. */
function drop(body: Body): void {
  body.cancel().catch(() => {});
}
