/** Runs the load generator: one job, one process, one result. */

import { TOOLS } from "./places.ts";
import type { Running } from "./peers.ts";

/** What a job does; the meaning of each member stands in load/job.go. */
export interface Job {
  readonly Kind: "window" | "whole" | "cancel" | "stuck";
  readonly Streams: number;
  readonly Events?: number;
  readonly GapUs?: number;
  readonly Bulk?: boolean;
  readonly Bytes?: number;
  readonly Seconds?: number;
  readonly WarmUp?: number;
  readonly Unary?: boolean;
  readonly Requests?: number;
}

/** Microseconds. */
export interface Spread {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly most: number;
}

/** What a job measured; load/job.go says what each member is. */
export interface Result {
  readonly events: number;
  readonly requests: number;
  readonly failed: number;
  readonly error?: string;
  readonly unnoticed: number;
  readonly wallSeconds: number;
  readonly gatewayCpu: number;
  readonly loadCpu: number;
  readonly upstreamCpu: number;
  readonly memoryBefore: number;
  readonly memoryAfter: number;
  readonly memoryMost: number;
  readonly transit: Spread;
  readonly gap: Spread;
  readonly first: Spread;
  readonly cancel: Spread;
}

/** A job that hangs is ended; the longest takes a few seconds, LiteLLM's some more. */
const JOB_MS = 120_000;

/** @throws Error when the gateway did not do what the job asks of it */
export async function runJob(job: Job, gateway: Running, upstream: Running): Promise<Result> {
  const { url, dialect, headers, pid } = gateway;
  const full = {
    ...job,
    URL: url,
    Dialect: dialect,
    Headers: headers,
    Gateway: pid,
    Upstream: upstream.pid,
    Cancels: new URL("/cancels", upstream.url).href,
  };
  const child = Bun.spawn([`${TOOLS}/load`, "run", JSON.stringify(full)], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    timeout: JOB_MS,
    killSignal: "SIGKILL",
  });
  const [out, err] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  if ((await child.exited) !== 0) throw new Error(err.trim() || "the load generator was ended");
  const result = JSON.parse(out) as Result;
  if (result.failed > 0)
    throw new Error(`${result.failed} failed: ${result.error ?? "no reason told"}`);
  return result;
}
