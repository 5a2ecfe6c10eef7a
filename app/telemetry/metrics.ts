/** Prometheus metrics; every label comes from a closed set. */

import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { Code, Outcome } from "../core/fault.ts";

/** What the gateway counts. */
export interface Metrics {
  readonly refused: (code: Code) => void;
  readonly attempted: (status: string) => void;
  readonly firstEvent: (model: string, ms: number) => void;
  readonly ended: (model: string, outcome: Outcome, ms: number) => void;
  readonly tokens: (model: string, prompt: number, completion: number) => void;
  readonly reloaded: (file: string, ok: boolean) => void;
  /** The exposition text and its content type. */
  readonly expose: () => Promise<{ readonly text: string; readonly type: string }>;
}

/** What is read at each scrape rather than counted. */
export interface Gauges {
  readonly openStreams: () => number;
  readonly openReaders: () => number;
  readonly logBytes: () => number;
  readonly openBreakers: () => number;
}

const SECONDS = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600];

/** @param models names that may be a label; any other is `other`, so that a client cannot make series */
export function createMetrics(models: readonly string[], gauges: Gauges): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const known = new Set(models);
  const label = (model: string) => (known.has(model) ? model : "other");
  collectDefaultMetrics({ register: registry });

  const counter = <L extends string>(name: string, help: string, labelNames: L[]) =>
    new Counter({ name: `mistral_stream_${name}`, help, labelNames, registers });
  const histogram = <L extends string>(name: string, help: string, labelNames: L[]) =>
    new Histogram({
      name: `mistral_stream_${name}`,
      help,
      labelNames,
      buckets: SECONDS,
      registers,
    });
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name: `mistral_stream_${name}`,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });

  gauge("open_streams", "Completions being relayed.", gauges.openStreams);
  gauge("open_readers", "Responses being written.", gauges.openReaders);
  gauge("log_bytes", "Bytes held by stream logs.", gauges.logBytes);
  gauge("breakers_open", "Upstream servers that requests go past.", gauges.openBreakers);
  const streams = counter("streams_total", "Completions by how they ended.", ["model", "outcome"]);
  const refusals = counter("refusals_total", "Requests refused, by code.", ["code"]);
  const attempts = counter("upstream_attempts_total", "Requests to upstream, by status.", [
    "status",
  ]);
  const tokens = counter("tokens_total", "Tokens, by kind.", ["model", "kind"]);
  const reloads = counter("reloads_total", "Changed files read again.", ["file", "result"]);
  const first = histogram("first_event_seconds", "Admission to first event.", ["model"]);
  const duration = histogram("duration_seconds", "Admission to end.", ["model"]);

  return {
    refused: (code) => refusals.inc({ code }),
    attempted: (status) => attempts.inc({ status }),
    firstEvent: (model, ms) => first.observe({ model: label(model) }, ms / 1000),
    ended(model, outcome, ms) {
      streams.inc({ model: label(model), outcome });
      duration.observe({ model: label(model) }, ms / 1000);
    },
    tokens(model, prompt, completion) {
      tokens.inc({ model: label(model), kind: "prompt" }, prompt);
      tokens.inc({ model: label(model), kind: "completion" }, completion);
    },
    reloaded: (file, ok) => reloads.inc({ file, result: ok ? "ok" : "refused" }),
    expose: async () => ({ text: await registry.metrics(), type: registry.contentType }),
  };
}
