/** The run itself: every gateway started once, then rounds of rows, the order turned each time. */

import { join } from "node:path";
import { type Job, type Result, runJob } from "./load.ts";
import type { Options } from "./options.ts";
import { type PeerName, type Running, type Stage, startPeer } from "./peers.ts";
import { type Point, ROWS, type Row, type RowName, type Who } from "./rows.ts";

/** One measurement, as it is kept in the raw figures. */
export interface Sample {
  readonly round: number;
  readonly row: RowName;
  readonly who: Who;
  /** The point's name, or the parts that were switched on. */
  readonly point: string;
  readonly streams: number;
  /** Events a second that the job asks for; 0 where it asks for as many as there can be. */
  readonly wantedRate: number;
  readonly readyMs: number;
  readonly result: Result;
}

/** Between measurements, so that the one before has settled. */
const REST_MS = 200;
/** A fresh process has done its start-up work by then. */
const FRESH_MS = 1000;

/** What a run brought. */
export interface Run {
  readonly samples: readonly Sample[];
  /** Measurements that failed, each in a sentence. */
  readonly failures: readonly string[];
}

/** Runs all rounds; a measurement that fails is told and left out. */
export async function runRounds(
  options: Options,
  stage: Stage,
  tell: (line: string) => void,
): Promise<Run> {
  const gateways = await startAll(options, stage, tell);
  const samples: Sample[] = [];
  const failures: string[] = [];
  for (let round = 1; round <= options.rounds; round++) {
    for (const name of options.rows) {
      const row: Row = ROWS[name];
      for (const lane of turned(lanes(row, options), round - 1)) {
        for (const point of row.points(lane.who, options.isQuick)) {
          const what = `round ${round}, ${name}, ${lane.key} ${point.name}`.trimEnd();
          tell(what);
          try {
            const { gateway, result } = await measure(lane, point, gateways, stage);
            samples.push({
              round,
              row: name,
              who: lane.who,
              point: row.parts === undefined ? point.name : (lane.key.split("+").at(-1) ?? ""),
              streams: point.job.Streams,
              wantedRate: wantedRate(point),
              readyMs: gateway.readyMs,
              result,
            });
          } catch (cause) {
            failures.push(`${what}: ${(cause as Error).message}`);
            tell(`failed: ${(cause as Error).message}`);
          }
          await Bun.sleep(REST_MS);
        }
      }
    }
  }
  return { samples, failures };
}

/** A gateway in a row, by the name under which it was started. */
interface Lane {
  readonly who: Who;
  readonly key: string;
  /** Set where the row wants a process of its own. */
  readonly start?: (stage: Stage) => Promise<Running>;
}

function lanes(row: Row, { peers }: Options): Lane[] {
  if (row.parts !== undefined) {
    if (!peers.includes("bun")) return [];
    return row.parts.map((_, i) => ({ who: "bun", key: partsKey(row.parts ?? [], i) }));
  }
  return row.who
    .filter((who) => who === "direct" || peers.includes(peerOf(who)))
    .map((who) =>
      row.isFresh
        ? { who, key: who, start: (stage: Stage) => startPeer(peerOf(who), stage) }
        : { who, key: who },
    );
}

/**
 * Compilers of JavaScript look at a program for its first hundred thousand events: what is measured is
 * a gateway that has been at work for a while.
 */
const WARM_UP: readonly Job[] = [
  { Kind: "whole", Streams: 20, Events: 500, Seconds: 2 },
  { Kind: "whole", Streams: 50, Events: 200, GapUs: 5000, Seconds: 4 },
];

async function startWarm(
  name: PeerName,
  { isQuick }: Options,
  stage: Stage,
  entry?: Parameters<typeof startPeer>[2],
): Promise<Running> {
  const gateway = await startPeer(name, stage, entry);
  if (!isQuick) for (const job of WARM_UP) await runJob(job, gateway, stage.upstream);
  return gateway;
}

async function startAll(options: Options, stage: Stage, tell: (line: string) => void) {
  const gateways = new Map<string, Running>([["direct", { ...stage.upstream, pid: 0 }]]);
  for (const name of options.peers) {
    tell(`starting ${name}`);
    gateways.set(name, await startWarm(name, options, stage));
  }
  const bun = gateways.get("bun");
  if (bun === undefined) return gateways;
  // The grace of this endpoint would let cancelled streams run on into the next row.
  const headers = { ...bun.headers, "stream-grace": "0" };
  const url = bun.url.replace("/v1/chat/completions", "/stream");
  gateways.set("bun /stream", { ...bun, url, headers, dialect: "stream" });
  if (!options.rows.includes("parts")) return gateways;
  const path = join(import.meta.dirname, "parts.ts");
  const { parts } = ROWS.parts;
  for (const i of parts.keys()) {
    const key = partsKey(parts, i);
    tell(`starting bun with ${key}`);
    const env = { PARTS: key.replaceAll("+", ",") };
    gateways.set(key, await startWarm("bun", options, stage, { path, env }));
  }
  return gateways;
}

async function measure(
  lane: Lane,
  point: Point,
  gateways: ReadonlyMap<string, Running>,
  stage: Stage,
): Promise<{ gateway: Running; result: Result }> {
  if (lane.start === undefined) {
    const gateway = gateways.get(lane.key);
    if (gateway === undefined) throw new Error("It was not started.");
    return { gateway, result: await runJob(point.job, gateway, stage.upstream) };
  }
  const gateway = await lane.start(stage);
  try {
    await Bun.sleep(FRESH_MS);
    return { gateway, result: await runJob(point.job, gateway, stage.upstream) };
  } finally {
    await gateway.stop();
  }
}

function wantedRate({ job }: Point): number {
  return job.Kind === "window" && job.GapUs !== undefined ? (job.Streams * 1e6) / job.GapUs : 0;
}

const peerOf = (who: Who) => (who === "bun /stream" ? "bun" : who) as PeerName;
const partsKey = (parts: readonly string[], i: number) => parts.slice(0, i + 1).join("+");

/** The same list, begun elsewhere: nobody always comes first, or always after the same one. */
function turned<T>(list: readonly T[], by: number): T[] {
  const at = list.length === 0 ? 0 : by % list.length;
  return [...list.slice(at), ...list.slice(0, at)];
}
