/** What both entries share: from the environment to a gateway that listens, reloads and drains. */

import { readFileSync, statSync } from "node:fs";
import { type Config, readConfig } from "./config.ts";
import { KEYS_FILE_BYTES } from "./core/bounds.ts";
import { parseKeys } from "./core/keys-file.ts";
import { createGateway, type Gateway } from "./gateway.ts";
import { watchFile } from "./reload.ts";
import { createLog, type Log } from "./telemetry/log.ts";

/** The exit status of a configuration that cannot be used (sysexits.h, EX_CONFIG). */
const EX_CONFIG = 78;

/** A listening server, as the runtime has it. */
export interface Listener {
  readonly url: string;
  /** Refuses new connections and ends when the open ones have. */
  stop(): Promise<void>;
}

/** What an entry brings along. */
export interface Runtime {
  readonly name: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** How many requests to upstream can run at once. */
  readonly upstreamRequests: number;
  readonly listen: (host: string, port: number, fetch: Gateway["fetch"], maxBodyBytes: number) => Listener;
  readonly onSignal: (signal: "SIGTERM" | "SIGINT", react: () => void) => void;
  readonly exit: (status: number) => never;
}

/** Runs the gateway until a signal ends it. */
export async function run(runtime: Runtime): Promise<void> {
  const read = readConfig(runtime.env, readText);
  if ("faults" in read) return refuse(runtime, read.faults);
  const keysText = readKeysText(read.config.keysFile);
  const keys = parseKeys(keysText);
  if (!keys.ok) return refuse(runtime, keys.faults.map((fault) => `KEYS_FILE ${read.config.keysFile}: ${fault}`));

  const log = createLog(read.config.logLevel);
  const config = fit(read.config, runtime, log);
  const gateway = createGateway({ config, keys: keys.keys, log, upstreamFetch: await reach(config) });
  const { host, port, adminPort } = config.listen;
  const admin = runtime.listen(host, adminPort, gateway.adminFetch, config.bounds.maxBodyBytes);
  const listener = runtime.listen(host, port, gateway.fetch, config.bounds.maxBodyBytes);
  const watches = watch(config, keysText, gateway, log);
  log.info("ready", { url: listener.url, runtime: runtime.name });

  let signals = 0;
  const end = async () => {
    signals += 1;
    // Whoever asks twice does not want to wait for the streams.
    if (signals > 1) return gateway.cut();
    log.info("draining");
    await gateway.drain();
    for (const one of watches) one.stop();
    await listener.stop();
    await admin.stop();
    log.info("ended");
    runtime.exit(0);
  };
  runtime.onSignal("SIGTERM", end);
  runtime.onSignal("SIGINT", end);
}

function refuse(runtime: Runtime, faults: readonly string[]): never {
  console.error(["mistral-stream cannot start:", ...faults.map((fault) => `  ${fault}`)].join("\n"));
  return runtime.exit(EX_CONFIG);
}

/** Admission must stay below what the runtime can have open to upstream, or streams would wait silently. */
function fit(config: Config, runtime: Runtime, log: Log): Config {
  const most = runtime.upstreamRequests - 1;
  if (config.bounds.maxStreams <= most) return config;
  log.warn("MAX_STREAMS lowered; set BUN_CONFIG_MAX_HTTP_REQUESTS=65535 before the start", { count: most });
  return { ...config, bounds: { ...config.bounds, maxStreams: most } };
}

/** How upstream is reached; the simulated Mistral is loaded only where it is the upstream. */
async function reach(config: Config): Promise<(request: Request) => Promise<Response>> {
  const { kind, simulatedPaceMs, simulatedReplay } = config.upstream;
  // Bun ends a response after 360 s of silence unless told not to; other runtimes ignore the option.
  const options = { timeout: false } as RequestInit;
  if (kind !== "simulated") return (request) => fetch(request, options);
  const { createSimulated } = await import("./upstream/simulated/simulated.ts");
  const { readRecordings } = await import("./upstream/simulated/replay.ts");
  const replay = simulatedReplay === undefined ? {} : { replay: readRecordings(simulatedReplay) };
  return createSimulated({ paceMs: simulatedPaceMs, ...replay });
}

function watch(config: Config, keysText: string, gateway: Gateway, log: Log) {
  const { keysPath, keys } = config.upstream;
  const tell = (file: string, ok: boolean, detail?: string) => {
    gateway.reloaded(file, ok);
    if (ok) log.info("reloaded", { file });
    else log.error("reload refused; what was there stays in force", { file, detail: detail ?? "cannot be read" });
  };
  const clientKeys = watchFile(config.keysFile, keysText, readKeysText, (text) => {
    const parsed = parseKeys(text);
    if (parsed.ok) gateway.replaceKeys(parsed.keys);
    tell("KEYS_FILE", parsed.ok, parsed.ok ? undefined : parsed.faults.join("; "));
  }, () => tell("KEYS_FILE", false));
  if (keysPath === undefined) return [clientKeys];
  const upstreamKeys = watchFile(keysPath, keys.join(","), (path) => readText(path).trim(), (text) => {
    const next = text.split(",").map((key) => key.trim()).filter((key) => key !== "");
    if (next.length > 0) gateway.replaceUpstreamKeys(next);
    tell("MISTRAL_API_KEY_FILE", next.length > 0, "there is no key in it");
  }, () => tell("MISTRAL_API_KEY_FILE", false));
  return [clientKeys, upstreamKeys];
}

function readText(path: string): string {
  return readFileSync(path, "utf8");
}

function readKeysText(path: string): string {
  if (statSync(path).size > KEYS_FILE_BYTES) throw new Error(`${path} has more than ${KEYS_FILE_BYTES} bytes`);
  return readText(path);
}
