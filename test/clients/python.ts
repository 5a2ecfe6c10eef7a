/** A Python SDK behind the seam of the contract: its program runs as one child and takes a line at a time. */

import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import type { Client } from "./client.ts";

const PYTHON = new URL("../../.tools/python/bin/python3", import.meta.url).pathname;

/** @param program a file beside this one */
export function createPython(program: string): Client {
  const child = Bun.spawn([PYTHON, "-uB", new URL(program, import.meta.url).pathname], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  const lines = createInterface({ input: Readable.fromWeb(child.stdout as never) })[
    Symbol.asyncIterator
  ]();

  async function call<T>(request: unknown): Promise<T> {
    child.stdin.write(`${JSON.stringify(request)}\n`);
    await child.stdin.flush();
    const { done, value } = await lines.next();
    if (done) throw new Error(`${program} ended; what it wrote is above`);
    return JSON.parse(value) as T;
  }

  return {
    ask: (ask) => call(ask),
    models: (url, key) => call({ op: "models", url, key }),
    async close() {
      child.stdin.end();
      await child.exited;
    },
  };
}
