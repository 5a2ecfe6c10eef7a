/** The gateways that are compared, each started as its own documentation says. */

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeKey } from "../key-secret.ts";
import { PEER_FILES, ROOT, TOOLS } from "./places.ts";
import { freePort, type Process, start, untilReady } from "./processes.ts";

export const PEERS = ["nginx", "bun", "deno", "portkey", "fastapi", "litellm"] as const;
export type PeerName = (typeof PEERS)[number];

/** A gateway that runs, and how it is asked. */
export interface Running {
  readonly url: string;
  readonly dialect: "chat" | "stream";
  readonly headers: Readonly<Record<string, string>>;
  /** 0 for upstream itself, asked without a gateway: nothing is to be counted. */
  readonly pid: number;
  /** From the start of the process to its first good answer. */
  readonly readyMs: number;
  stop(): Promise<void>;
}

/** What all peers share. */
export interface Stage {
  readonly folder: string;
  readonly upstream: Running;
  readonly key: string;
  readonly keysFile: string;
}

const CHAT = "/v1/chat/completions";

/** LiteLLM takes about 15 s on two cores; everything else is there in one or two. */
const READY_MS = 90_000;

/** Above what any row asks for, so that no limit is met and all of them are at work. */
const MAX_STREAMS = 20_000;

export async function startUpstream(folder: string): Promise<Running> {
  const port = freePort();
  const process = start([`${TOOLS}/load`, "upstream", `127.0.0.1:${port}`], {
    folder,
    log: "upstream",
  });
  const url = `http://127.0.0.1:${port}`;
  return running(process, { url: `${url}${CHAT}`, ready: `${url}/cancels` });
}

/** A keys file whose limits are never met. */
export function makeStage(folder: string, upstream: Running): Stage {
  mkdirSync(folder, { recursive: true });
  const { key, digest } = makeKey();
  const limits = { requestsPerMinute: 1e9, burst: 1e9, concurrentStreams: MAX_STREAMS };
  const keysFile = join(folder, "keys.json");
  writeFileSync(
    keysFile,
    JSON.stringify({
      plans: { default: { ...limits, tokensPerDay: 1e12, maxOutputTokens: 32_768 } },
      ip: { ...limits, failedAuthPerMinute: 1000 },
      keys: [{ id: "bench", digests: [{ sha256: digest, notBefore: null, expiresAt: null }] }],
    }),
  );
  return { folder, upstream, key, keysFile };
}

/** @param entry another program than the gateway's own entry, for the row of parts */
export async function startPeer(
  name: PeerName,
  stage: Stage,
  entry?: { readonly path: string; readonly env: Record<string, string> },
): Promise<Running> {
  const { folder } = stage;
  const port = freePort();
  const url = `http://127.0.0.1:${port}`;
  const { origin, host } = new URL(stage.upstream.url);
  const bearer = { authorization: `Bearer ${stage.key}` };
  const chat = { url: `${url}${CHAT}`, headers: bearer };
  switch (name) {
    case "bun":
    case "deno": {
      const adminPort = freePort();
      const env = { ...gatewayEnv(stage, port, adminPort), ...entry?.env };
      const command =
        name === "bun"
          ? [process.execPath, entry?.path ?? join(ROOT, "app/main.ts")]
          : denoCommand();
      const ready = `http://127.0.0.1:${adminPort}/readyz`;
      return running(start(command, { folder, log: name, env }), { ...chat, ready });
    }
    case "nginx": {
      const text = readFileSync(join(PEER_FILES, "nginx.conf"), "utf8")
        .replaceAll("FOLDER", folder)
        .replaceAll("UPSTREAM", host)
        .replaceAll("PORT", String(port));
      const path = join(folder, `nginx-${port}.conf`);
      writeFileSync(path, text.replace("nginx.pid", `nginx-${port}.pid`));
      const program = ["/usr/sbin/nginx", "/usr/local/bin/nginx"].find(existsSync) ?? "nginx";
      const command = [program, "-p", folder, "-e", `${folder}/nginx.error.log`, "-c", path];
      return running(start(command, { folder, log: name }), { ...chat, ready: `${url}/cancels` });
    }
    case "portkey": {
      const script = join(TOOLS, "npm/node_modules/@portkey-ai/gateway/build/start-server.js");
      const env = { NODE_ENV: "production", BUN_CONFIG_MAX_HTTP_REQUESTS: "65535" };
      const command = [process.execPath, script, "--headless", `--port=${port}`];
      const headers = {
        ...bearer,
        "x-portkey-provider": "mistral-ai",
        "x-portkey-custom-host": `${origin}/v1`,
      };
      return running(start(command, { folder, log: name, env }), { ...chat, headers, ready: url });
    }
    case "fastapi": {
      const python = join(TOOLS, "fastapi/bin/python3");
      const app = ["-m", "uvicorn", "streaming:app", "--port", String(port), "--no-access-log"];
      const env = { MISTRAL_SERVER_URL: origin, PYTHONDONTWRITEBYTECODE: "1" };
      const process = start([python, ...app], { folder, log: name, env, cwd: PEER_FILES });
      return running(process, { url: `${url}/stream`, dialect: "stream", ready: `${url}/docs` });
    }
    case "litellm": {
      const program = join(TOOLS, "litellm/bin/litellm");
      const config = join(PEER_FILES, "litellm.yaml");
      const command = [program, "--config", config, "--host", "127.0.0.1", "--port", String(port)];
      const env = {
        BENCH_UPSTREAM_V1: `${origin}/v1`,
        BENCH_KEY: `sk-${stage.key}`,
        // Its list of prices comes with the package; otherwise it would be fetched.
        LITELLM_LOCAL_MODEL_COST_MAP: "True",
        LITELLM_LOG: "ERROR",
      };
      const headers = { authorization: `Bearer sk-${stage.key}` };
      const ready = `${url}/health/liveliness`;
      return running(start(command, { folder, log: name, env }), { ...chat, headers, ready });
    }
  }
}

/** The environment of scripts/dev: production, with everything on. */
function gatewayEnv(stage: Stage, port: number, adminPort: number): Record<string, string> {
  return {
    NODE_ENV: "production",
    HOST: "127.0.0.1",
    PORT: String(port),
    ADMIN_PORT: String(adminPort),
    BUN_CONFIG_MAX_HTTP_REQUESTS: "65535",
    DENO_NO_UPDATE_CHECK: "1",
    DENO_DIR: join(ROOT, ".tools/deno"),
    MISTRAL_API_KEY: "k1",
    MISTRAL_SERVER_URL: new URL(stage.upstream.url).origin,
    MAX_STREAMS: String(MAX_STREAMS),
    KEYS_FILE: stage.keysFile,
  };
}

function denoCommand(): string[] {
  const folder = join(ROOT, "node_modules/@deno");
  const [platform] = readdirSync(folder).filter((name) => existsSync(join(folder, name, "deno")));
  if (platform === undefined)
    throw new Error("There is no Deno for this machine in node_modules/@deno.");
  // As in scripts/dev.
  const may = ["--allow-net", "--allow-env", "--allow-read", "--allow-sys=hostname"];
  const config = ["--quiet", "--no-prompt", "--no-remote", "--config", join(ROOT, "deno.json")];
  return [join(folder, platform, "deno"), "run", ...config, ...may, join(ROOT, "app/main.deno.ts")];
}

async function running(
  process: Process,
  how: {
    url: string;
    ready: string;
    headers?: Record<string, string>;
    dialect?: "chat" | "stream";
  },
): Promise<Running> {
  const { url, headers = {}, dialect = "chat" } = how;
  const readyMs = await untilReady(how.ready, READY_MS, process.startedMs);
  return { url, headers, dialect, pid: process.pid, readyMs, stop: () => process.stop() };
}
