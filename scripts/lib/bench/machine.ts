/** What a figure is worth depends on where it was measured: machine, date and versions. */

import { readFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";
import { join } from "node:path";
import type { PeerName } from "./peers.ts";
import { PEER_FILES, ROOT } from "./places.ts";

/** Where and with what a run was made. */
export interface Machine {
  readonly date: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly kernel: string;
  readonly versions: Readonly<Record<string, string>>;
}

export function readMachine(peers: readonly PeerName[]): Machine {
  const { devDependencies = {}, dependencies } = packages(join(ROOT, "package.json"));
  const { dependencies: npm } = packages(join(PEER_FILES, "npm/package.json"));
  const known: Record<PeerName, [string, string][]> = {
    nginx: [["nginx", nginxVersion()]],
    bun: [
      ["Bun", Bun.version],
      ["Elysia", dependencies["elysia"] ?? "?"],
    ],
    deno: [["Deno", devDependencies["deno"] ?? "?"]],
    portkey: [["Portkey", npm["@portkey-ai/gateway"] ?? "?"]],
    fastapi: [
      ["FastAPI", pinned("fastapi.txt", "fastapi")],
      ["Python mistralai", pinned("fastapi.txt", "mistralai")],
    ],
    litellm: [["LiteLLM", pinned("litellm.txt", "litellm")]],
  };
  return {
    date: new Date().toISOString().slice(0, 16).replace("T", " "),
    cpu: cpus()[0]?.model.trim() ?? "an unknown processor",
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release().split("-")[0] ?? release(),
    versions: Object.fromEntries(peers.flatMap((peer) => known[peer])),
  };
}

interface Packages {
  readonly dependencies: Record<string, string>;
  readonly devDependencies?: Record<string, string>;
}

function packages(path: string): Packages {
  return JSON.parse(readFileSync(path, "utf8")) as Packages;
}

function pinned(file: string, name: string): string {
  const text = readFileSync(join(PEER_FILES, file), "utf8");
  return new RegExp(`^${name}==(.*)$`, "m").exec(text)?.[1] ?? "?";
}

function nginxVersion(): string {
  const path = `${process.env["PATH"]}:/usr/sbin`;
  const program = Bun.which("nginx", { PATH: path });
  if (program === null) return "?";
  const { stderr } = Bun.spawnSync([program, "-v"]);
  return /nginx\/(\S+)/.exec(stderr.toString())?.[1] ?? "?";
}
