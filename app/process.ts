/** What both entries share: from the environment to a gateway that listens, reloads and drains. */

import { type Config, readConfig } from "./config.ts";
import { type Keys, parseKeys } from "./core/keys-file.ts";
import type { IsPlain } from "./core/plain.ts";
import { createGateway, type Gateway } from "./gateway.ts";
import { readKeysText, readText, watchFiles } from "./reload.ts";
import { createLog, type Log } from "./telemetry/log.ts";

/** The exit status of a configuration that cannot be used (sysexits.h, EX_CONFIG). */
const EX_CONFIG = 78;

/** Variables of the design that no code reads yet: whoever sets one must not believe that it counts. */
const NOT_BUILT = [
  "REDIS_URL",
  "SESSION_SECRET",
  "SESSION_SECRET_FILE",
  "JWT_ISSUER",
  "JWT_AUDIENCE",
  "JWT_JWKS_URL",
  "PLAYGROUND",
  "OTEL_EXPORTER_OTLP_ENDPOINT",
];

/** Idle connections that clients keep open do not hold the end of a process up for longer. */
const STOP_MS = 1000;

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
  /** Its quickest way to tell what need not be parsed. */
  readonly isPlain: IsPlain;
  readonly listen: (host: string, port: number, fetch: Gateway["fetch"]) => Listener;
  readonly onSignal: (signal: "SIGTERM" | "SIGINT", react: () => void) => void;
  readonly exit: (status: number) => never;
}

/** Runs the gateway until a signal ends it. */
export async function run(runtime: Runtime): Promise<void> {
  const read = readConfig(runtime.env, readText);
  const keys = readKeys(runtime.env["KEYS_FILE"]?.trim() ?? "");
  if ("faults" in read || "faults" in keys) {
    return refuse(
      runtime,
      [read, keys].flatMap((part) => ("faults" in part ? part.faults : [])),
    );
  }
  const log = createLog(read.config.logLevel);
  const ignored = NOT_BUILT.filter((name) => (runtime.env[name] ?? "") !== "");
  if (ignored.length > 0) log.warn("set, but not built yet", { detail: ignored.join(", ") });
  const config = fit(read.config, runtime, log);
  const gateway = createGateway({
    config,
    keys: keys.parsed,
    log,
    upstreamFetch: await reach(runtime, config),
    isPlain: runtime.isPlain,
  });
  const { host, port, adminPort } = config.listen;
  const listen = (at: number, fetch: Gateway["fetch"]): Listener => {
    try {
      return runtime.listen(host, at, fetch);
    } catch (cause) {
      return refuse(runtime, [`HOST ${host}, port ${at}: cannot listen there (${String(cause)})`]);
    }
  };
  const admin = listen(adminPort, gateway.adminFetch);
  const listener = listen(port, gateway.fetch);
  const watches = watchFiles(config, keys.text, gateway, log);
  log.info("ready", { url: listener.url, adminUrl: admin.url, runtime: runtime.name });

  let signals = 0;
  const end = async () => {
    signals += 1;
    // Whoever asks twice does not want to wait for the streams.
    if (signals > 1) return gateway.cut();
    log.info("draining");
    await gateway.drain();
    for (const one of watches) one.stop();
    await Promise.race([listener.stop(), sleep(STOP_MS)]);
    await Promise.race([admin.stop(), sleep(STOP_MS)]);
    log.info("ended");
    runtime.exit(0);
  };
  runtime.onSignal("SIGTERM", end);
  runtime.onSignal("SIGINT", end);
}

/** KEYS_FILE beside the configuration, so that the faults of both are told at once. */
function readKeys(
  path: string,
): { readonly text: string; readonly parsed: Keys } | { readonly faults: readonly string[] } {
  // That it is not set at all is the configuration's fault to tell.
  if (path === "") return { faults: [] };
  let text: string;
  try {
    text = readKeysText(path);
  } catch (cause) {
    return { faults: [`KEYS_FILE ${path}: it cannot be read (${(cause as Error).message})`] };
  }
  const parsed = parseKeys(text);
  if (parsed.ok) return { text, parsed: parsed.keys };
  return { faults: parsed.faults.map((fault) => `KEYS_FILE ${path}: ${fault}`) };
}

function refuse(runtime: Runtime, faults: readonly string[]): never {
  console.error(
    ["mistral-stream cannot start:", ...faults.map((fault) => `  ${fault}`)].join("\n"),
  );
  return runtime.exit(EX_CONFIG);
}

/** Admission must stay below what the runtime can have open to upstream, or streams would wait silently. */
function fit(config: Config, runtime: Runtime, log: Log): Config {
  const most = runtime.upstreamRequests - 1;
  if (config.bounds.maxStreams <= most) return config;
  log.warn("MAX_STREAMS lowered; set BUN_CONFIG_MAX_HTTP_REQUESTS=65535 before the start", {
    count: most,
  });
  return { ...config, bounds: { ...config.bounds, maxStreams: most } };
}

/** How upstream is reached; the simulated Mistral is loaded only where it is the upstream. */
async function reach(
  runtime: Runtime,
  config: Config,
): Promise<(request: Request) => Promise<Response>> {
  const { kind, simulatedPaceMs, simulatedReplay } = config.upstream;
  // Bun ends a response after 360 s of silence unless told not to; other runtimes ignore the option.
  const options = { timeout: false } as RequestInit;
  if (kind !== "simulated") return (request) => fetch(request, options);
  const { createSimulated } = await import("./upstream/simulated/simulated.ts");
  const { readRecordings } = await import("./upstream/simulated/replay.ts");
  try {
    const replay = simulatedReplay === undefined ? [] : readRecordings(simulatedReplay);
    return createSimulated({ paceMs: simulatedPaceMs, replay });
  } catch (cause) {
    return refuse(runtime, [`SIMULATED_REPLAY: ${(cause as Error).message}`]);
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
