/** The real server as a process of its own, on either runtime, with keys and a captured log. */

import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createKeysFile, type KeysOptions } from "./keys.ts";

export type RuntimeName = "bun" | "deno";

export interface GatewayOptions {
  readonly runtime?: RuntimeName;
  /** What differs from the usual environment; undefined takes a variable out. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** The whole keys file, or what differs from the usual one. */
  readonly keys?: unknown;
  readonly plan?: NonNullable<KeysOptions["plan"]>;
  readonly ip?: NonNullable<KeysOptions["ip"]>;
}

/** One line of the log. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly msg: string };

export interface TestGateway {
  readonly url: string;
  readonly adminUrl: string;
  readonly keysFile: string;
  readonly pid: number;
  /** Lines so far; what is no JSON is kept as `{msg}`. */
  readonly lines: readonly LogLine[];
  readonly stderr: () => string;
  /** The sum of a metric's samples whose labels hold all of these texts. */
  metric(name: string, ...labels: string[]): Promise<number>;
  /** Sends SIGTERM and resolves with the exit status. */
  terminate(): Promise<number>;
  readonly exited: Promise<number>;
  /** Kills it and removes what it left. */
  stop(): Promise<void>;
}

const ROOT = join(import.meta.dir, "../..");

function commandOf(runtime: RuntimeName): string[] {
  if (runtime === "bun") return [process.execPath, join(ROOT, "app/main.ts")];
  const folder = join(ROOT, "node_modules/@deno");
  const deno = join(folder, readdirSync(folder)[0] as string, "deno");
  const flags = [
    "--quiet",
    "--no-prompt",
    "--no-remote",
    "--allow-net",
    "--allow-env",
    "--allow-read",
  ];
  return [deno, "run", ...flags, "--allow-sys=hostname", join(ROOT, "app/main.deno.ts")];
}

/** Starts a server on free ports and waits until it says that it is ready. */
export async function startGateway(options: GatewayOptions = {}): Promise<TestGateway> {
  const folder = mkdtempSync(join(tmpdir(), "mistral-stream-test-"));
  const keysFile = join(folder, "keys.json");
  writeFileSync(keysFile, JSON.stringify(options.keys ?? createKeysFile(options), null, 2));
  const child = Bun.spawn(commandOf(options.runtime ?? "bun"), {
    cwd: ROOT,
    env: {
      PATH: process.env["PATH"] ?? "",
      HOME: process.env["HOME"] ?? folder,
      NODE_ENV: "production",
      PORT: "0",
      ADMIN_PORT: "0",
      KEYS_FILE: keysFile,
      MISTRAL_API_KEY: "upstream-secret-1",
      BUN_CONFIG_MAX_HTTP_REQUESTS: "65535",
      ...options.env,
    },
    stdout: "pipe",
    stderr: "pipe",
  });
  const lines: LogLine[] = [];
  let stderr = "";
  const ready = Promise.withResolvers<LogLine>();
  readLines(child.stdout, (text) => {
    const line = parseLine(text);
    lines.push(line);
    if (line.msg === "ready") ready.resolve(line);
  });
  readLines(child.stderr, (text) => {
    stderr += `${text}\n`;
  });
  const ended = child.exited.then((status) => {
    throw new Error(`the gateway ended with ${status} before it was ready:\n${stderr}`);
  });
  const told = await Promise.race([ready.promise, ended]);
  ended.catch(() => {});
  const adminUrl = String(told["adminUrl"]).replace(/\/$/, "");
  return {
    url: String(told["url"]).replace(/\/$/, ""),
    adminUrl,
    keysFile,
    pid: child.pid,
    lines,
    stderr: () => stderr,
    metric: async (name, ...labels) =>
      sumOf(await (await fetch(`${adminUrl}/metrics`)).text(), name, labels),
    terminate() {
      child.kill("SIGTERM");
      return child.exited;
    },
    exited: child.exited,
    async stop() {
      child.kill("SIGKILL");
      await child.exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Runs a server that is expected to refuse its configuration. */
export async function failToStart(runtime: RuntimeName, env: Readonly<Record<string, string>>) {
  const child = Bun.spawn(commandOf(runtime), {
    cwd: ROOT,
    env: { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "", ...env },
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  return { status: await child.exited, stdout, stderr };
}

async function readLines(from: ReadableStream<Uint8Array>, onLine: (line: string) => void) {
  let rest = "";
  const utf8 = new TextDecoder();
  for await (const bytes of from) {
    const parts = (rest + utf8.decode(bytes, { stream: true })).split("\n");
    rest = parts.pop() ?? "";
    for (const part of parts) onLine(part);
  }
}

function parseLine(text: string): LogLine {
  try {
    return JSON.parse(text) as LogLine;
  } catch {
    return { msg: text };
  }
}

function sumOf(exposition: string, name: string, labels: readonly string[]): number {
  return exposition
    .split("\n")
    .filter((line) => new RegExp(`^mistral_stream_${name}[{ ]`).test(line))
    .filter((line) => labels.every((label) => line.includes(label)))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
}
