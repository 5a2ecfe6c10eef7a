/** Completions over upstreams that a test drives by hand. */

import { type Completions, createCompletions, type Told } from "../../app/completions.ts";
import { isPlainByText } from "../../app/core/plain.ts";
import { createMemoryStreams } from "../../app/stores/memory-streams.ts";
import { infoOf } from "../support/logs.ts";
import { createUpstream, LONG, type Upstream } from "./fake-upstream.ts";

export interface Given {
  owner?: string;
  digest?: string;
  graceMs?: number;
  kind?: "events" | "answer";
}

/** Starts completions by name, each on an upstream of its own, and keeps what they told. */
export function setUp(ttlMs = 60_000) {
  const streams = createMemoryStreams({ maxBytes: 2 ** 30, ttlMs, clock: Date.now });
  streams.close();
  const bugs: unknown[] = [];
  const completions: Completions = createCompletions({
    streams,
    deadlines: { ...LONG, firstEventMs: 300, idleMs: 300 },
    maxEventBytes: 2 ** 20,
    isPlain: isPlainByText,
    clock: Date.now,
    onBug: (cause) => bugs.push(cause),
  });
  const told = new Map<string, Told[]>();
  const upstreams = new Map<string, Upstream>();
  const start = (
    id: string,
    { owner = "web", digest = "d", graceMs = 0, kind = "events" }: Given = {},
  ) => {
    const upstream = createUpstream();
    upstreams.set(id, upstream);
    told.set(id, []);
    return completions.start({
      ...infoOf(id),
      owner,
      kind,
      digest,
      choices: 1,
      graceMs,
      open: async () => ({ response: upstream.response, report() {} }),
      settle: (one) => told.get(id)?.push(one),
    });
  };
  const outcomes = (id: string) => told.get(id)?.map((one) => one.end.outcome) ?? [];
  return { completions, start, outcomes, told, upstreams, bugs };
}
