/** Starts and ends the processes of the bench, each by its own id. */

import { join } from "node:path";

/** A process and how it is ended. */
export interface Process {
  readonly pid: number;
  /** By performance.now(), just before it was started. */
  readonly startedMs: number;
  stop(): Promise<void>;
}

/** Asked to end, a process has this long before it is killed. */
const STOP_MS = 3000;
const POLL_MS = 1;

const open = new Set<Process>();

/** @param log file in `folder` that takes its output */
export function start(
  command: readonly string[],
  options: { folder: string; log: string; env?: Record<string, string>; cwd?: string },
): Process {
  const { folder, env = {}, cwd = folder } = options;
  const log = Bun.file(join(folder, options.log));
  // Nothing of this shell's environment may reach what is measured, but for where programs are.
  const { PATH = "", HOME = folder, LANG = "C.UTF-8" } = process.env;
  const startedMs = performance.now();
  const child = Bun.spawn([...command], {
    cwd,
    env: { PATH, HOME, LANG, ...env },
    stdin: "ignore",
    stdout: log,
    stderr: Bun.file(join(folder, `${options.log}.err`)),
  });
  const started: Process = {
    pid: child.pid,
    startedMs,
    async stop() {
      open.delete(started);
      child.kill("SIGTERM");
      const killer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
      await child.exited;
      clearTimeout(killer);
    },
  };
  open.add(started);
  return started;
}

/** Ends whatever is still running. */
export async function stopAll(): Promise<void> {
  await Promise.all(Array.from(open, (one) => one.stop()));
}

/**
 * Waits until a URL answers 200.
 * @returns milliseconds since `sinceMs`
 */
export async function untilReady(url: string, limitMs: number, sinceMs: number): Promise<number> {
  for (;;) {
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(1000) });
      await response.arrayBuffer();
      if (response.status < 500) return performance.now() - sinceMs;
    } catch {
      // Not there yet.
    }
    if (performance.now() - sinceMs > limitMs)
      throw new Error(`${url} was not ready in ${limitMs} ms.`);
    await Bun.sleep(POLL_MS);
  }
}

/** A port that nobody listens on now. */
export function freePort(): number {
  const server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const { port } = server;
  server.stop(true);
  return port;
}
