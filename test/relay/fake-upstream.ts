/** An upstream that a test plays by hand, and a relay that reads it. */

import type { End } from "../../app/stores/stream-store.ts";
import { createMeter } from "../../app/core/meter.ts";
import { isPlainByText } from "../../app/core/plain.ts";
import type { DeadlineLengths } from "../../app/deadlines.ts";
import { type Relay, startRelay } from "../../app/relay.ts";
import { createMemoryStreams } from "../../app/stores/memory-streams.ts";
import type { StreamLog } from "../../app/stores/stream-store.ts";
import type { Opened } from "../../app/upstream/transport.ts";
import { bytesOf } from "../support/frames.ts";
import { infoOf, joined, readNow } from "../support/logs.ts";

/** The body of an answer in the hands of a test. */
export interface Upstream {
  readonly response: Response;
  send(...data: string[]): Upstream;
  raw(text: string): Upstream;
  end(): void;
  /** Breaks the connection, at once or after what was sent has been read. */
  cut(): void;
  cutSoon(): void;
  isCancelled(): boolean;
}

export function createUpstream(): Upstream {
  let to: ReadableStreamDefaultController<Uint8Array> | undefined;
  let isCancelled = false;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      to = controller;
    },
    cancel() {
      isCancelled = true;
    },
  });
  const upstream: Upstream = {
    response: new Response(body),
    raw(text) {
      to?.enqueue(bytesOf(text));
      return upstream;
    },
    send: (...data) => upstream.raw(data.map((one) => `data: ${one}\n\n`).join("")),
    end: () => to?.close(),
    cut: () => to?.error(new TypeError("socket hang up")),
    cutSoon: () => void setTimeout(upstream.cut, 10),
    isCancelled: () => isCancelled,
  };
  return upstream;
}

export const LONG: DeadlineLengths = { firstEventMs: 5000, idleMs: 5000, totalMs: 5000 };

/** A relay under test and what it told. */
export interface Running {
  readonly relay: Relay;
  readonly log: StreamLog;
  readonly upstream: Upstream;
  readonly reports: boolean[];
  readonly settled: End[];
  readonly firstEvents: () => number;
  /** What a reader of the log sees at its end. */
  readonly data: () => string[];
  readonly signal: () => AbortSignal | undefined;
}

export function run(
  options: {
    kind?: "events" | "answer";
    choices?: number;
    deadlines?: DeadlineLengths;
    maxEventBytes?: number;
    open?: (signal: AbortSignal, upstream: Upstream) => Promise<Opened>;
    onSettle?: (log: StreamLog) => void;
  } = {},
): Running {
  const upstream = createUpstream();
  const streams = createMemoryStreams({ maxBytes: 2 ** 30, ttlMs: 60_000, clock: Date.now });
  streams.close();
  const log = streams.create({ ...infoOf("s1"), kind: options.kind ?? "events" }, () => {});
  const reports: boolean[] = [];
  const settled: End[] = [];
  let firstEvents = 0;
  let asked: AbortSignal | undefined;
  const report = (gotEvent: boolean) => void reports.push(gotEvent);
  const open = options.open ?? (async () => ({ response: upstream.response, report }));
  const relay = startRelay({
    log,
    meter: createMeter(options.choices ?? 1, isPlainByText),
    open(signal) {
      asked = signal;
      return open(signal, upstream);
    },
    deadlines: options.deadlines ?? LONG,
    maxEventBytes: options.maxEventBytes ?? 2 ** 20,
    clock: Date.now,
    onFirstEvent: () => firstEvents++,
    settle(end) {
      settled.push(end);
      options.onSettle?.(log);
    },
  });
  const data = () => readNow(joined(log)).map(([, text]) => text);
  return {
    relay,
    log,
    upstream,
    reports,
    settled,
    firstEvents: () => firstEvents,
    data,
    signal: () => asked,
  };
}
