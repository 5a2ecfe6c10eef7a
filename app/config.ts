/** The environment, read once into a frozen Config; every fault is reported at once. */

import ipaddr from "ipaddr.js";
import { createEnvironment, type Environment, type ReadFile } from "./environment.ts";

/** An address range: a parsed address and how many of its bits count. */
export type Cidr = readonly [ipaddr.IPv4 | ipaddr.IPv6, number];

/** Everything that an operator can set. Times are milliseconds, sizes bytes. */
export interface Config {
  readonly upstream: {
    readonly kind: "mistral" | "openai" | "simulated";
    readonly servers: readonly string[];
    readonly defaultModel: string;
    /** Keys at the start; where `keysPath` is set, that file is looked at again. */
    readonly keys: readonly string[];
    readonly keysPath: string | undefined;
    readonly simulatedPaceMs: number;
    readonly simulatedReplay: string | undefined;
  };
  readonly keysFile: string;
  readonly corsOrigins: readonly string[];
  readonly trustedProxies: readonly Cidr[];
  readonly listen: { readonly host: string; readonly port: number; readonly adminPort: number };
  readonly bounds: {
    readonly maxStreams: number;
    readonly maxBodyBytes: number;
    readonly maxEventBytes: number;
    readonly logMaxBytes: number;
  };
  readonly deadlines: {
    readonly heartbeatMs: number;
    readonly firstEventMs: number;
    readonly idleMs: number;
    readonly totalMs: number;
    readonly drainMs: number;
    readonly streamTtlMs: number;
  };
  readonly logLevel: LogLevel;
}

const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Words apart, one simulated answer is readable as it grows and over in seconds. */
const SIMULATED_PACE_MS = 20;

/** The simulated Mistral wants a key like the real one, and takes any. */
const SIMULATED_KEY = "simulated";

/** Bun reads at most this many requests to upstream at once, whatever it is told (facts, 16). */
export const UPSTREAM_REQUESTS_MAX = 65_535;

/** A day: longer waits are none that anybody means. */
const DAY_MS = 86_400_000;

/**
 * Reads the configuration.
 * @param env variables by name
 * @param readFile for the `X_FILE` of a secret; throws where it cannot
 * @returns the configuration, or every fault with the name of its variable; secrets are never in one
 */
export function readConfig(
  env: Readonly<Record<string, string | undefined>>,
  readFile: ReadFile,
): { readonly config: Config } | { readonly faults: readonly string[] } {
  const read = createEnvironment(env, readFile);
  const kind = read.choice("UPSTREAM", ["mistral", "openai", "simulated"] as const, "mistral");
  const secret = read.secret("MISTRAL_API_KEY");
  const given = toList(secret.value);
  const keys = kind === "simulated" && given.length === 0 ? [SIMULATED_KEY] : given;
  if (kind === "mistral" && keys.length === 0) {
    const advice = "set it, or MISTRAL_API_KEY_FILE, or UPSTREAM=simulated";
    read.fault("MISTRAL_API_KEY", `is not set; ${advice}`);
  } else if (keys.length > 0) {
    const fault = faultOfKeys(keys);
    if (fault !== undefined) read.fault("MISTRAL_API_KEY", fault);
  }
  const config: Config = {
    upstream: {
      kind,
      servers: readServers(read),
      defaultModel: read.text("MISTRAL_MODEL", "mistral-large-latest"),
      keys,
      keysPath: secret.path,
      simulatedPaceMs: read.integer("SIMULATED_PACE_MS", SIMULATED_PACE_MS, 0, 60_000),
      simulatedReplay: env["SIMULATED_REPLAY"] || undefined,
    },
    keysFile: readKeysFile(read),
    corsOrigins: toList(env["CORS_ORIGINS"]).filter((origin) => isOrigin(read, origin)),
    trustedProxies: toList(env["TRUSTED_PROXIES"]).flatMap((cidr) => toCidr(read, cidr)),
    listen: {
      host: read.text("HOST", "127.0.0.1"),
      port: read.integer("PORT", 8080, 0, 65_535),
      adminPort: read.integer("ADMIN_PORT", 9090, 0, 65_535),
    },
    bounds: {
      maxStreams: read.integer("MAX_STREAMS", 2000, 1, UPSTREAM_REQUESTS_MAX),
      maxBodyBytes: read.integer("MAX_BODY_BYTES", 4 * 1024 * 1024, 1, 2 ** 30),
      maxEventBytes: read.integer("MAX_EVENT_BYTES", 8 * 1024 * 1024, 1024, 2 ** 30),
      logMaxBytes: read.integer("LOG_MAX_BYTES", 256 * 1024 * 1024, 1024 * 1024, 2 ** 40),
    },
    deadlines: {
      heartbeatMs: read.integer("HEARTBEAT_MS", 15_000, 10, DAY_MS),
      firstEventMs: read.integer("FIRST_EVENT_TIMEOUT_MS", 60_000, 1, DAY_MS),
      idleMs: read.integer("IDLE_TIMEOUT_MS", 60_000, 1, DAY_MS),
      totalMs: read.integer("TOTAL_TIMEOUT_MS", 600_000, 1, DAY_MS),
      drainMs: read.integer("DRAIN_MS", 300_000, 0, DAY_MS),
      streamTtlMs: read.integer("STREAM_TTL_MS", 300_000, 0, DAY_MS),
    },
    logLevel: read.choice("LOG_LEVEL", LOG_LEVELS, "info"),
  };
  const { port, adminPort } = config.listen;
  if (port !== 0 && port === adminPort)
    read.fault("ADMIN_PORT", `is PORT, ${port}; they must differ`);
  const faults = read.faults();
  return faults.length > 0 ? { faults } : { config: freeze(config) };
}

function readServers(read: Environment): string[] {
  const urls = toList(read.text("MISTRAL_SERVER_URL", "https://api.mistral.ai"));
  if (urls.length === 0) read.fault("MISTRAL_SERVER_URL", "names no server");
  return urls.map((text) => {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (url === undefined || !/^https?:$/.test(url.protocol)) {
      read.fault("MISTRAL_SERVER_URL", "holds something that is no http or https URL");
    } else if (url.username + url.password !== "" || url.search !== "" || url.hash !== "") {
      read.fault(
        "MISTRAL_SERVER_URL",
        "holds a URL with credentials, a query or a fragment; give origin and path",
      );
    }
    return text.replace(/\/+$/, "");
  });
}

function readKeysFile(read: Environment): string {
  const path = read.text("KEYS_FILE", "");
  if (path === "") {
    read.fault(
      "KEYS_FILE",
      "is not set; make one with scripts/keys create, or start with scripts/dev",
    );
  }
  return path;
}

function isOrigin(read: Environment, origin: string): boolean {
  if (URL.canParse(origin) && new URL(origin).origin === origin) return true;
  read.fault("CORS_ORIGINS", `"${origin}" is no exact origin such as https://app.example.com`);
  return false;
}

function toCidr(read: Environment, text: string): Cidr[] {
  // The library reads 010.0.0.1 as octal and takes 1.2 for an address, so the form is checked first.
  const isStrict =
    /^(\d{1,3}\.){3}\d{1,3}(\/\d{1,2})?$/.test(text) ||
    /^[0-9a-f:.]*:[0-9a-f:.]*(\/\d{1,3})?$/i.test(text);
  try {
    if (isStrict && !/(^|\.)0\d/.test(text)) {
      const isRange = text.includes("/");
      const address = ipaddr.parse(text.replace(/\/.*/, ""));
      return [isRange ? ipaddr.parseCIDR(text) : [address, address.kind() === "ipv4" ? 32 : 128]];
    }
  } catch {
    // Reported below like any other fault.
  }
  read.fault("TRUSTED_PROXIES", `"${text}" is no address range such as 10.0.0.0/8`);
  return [];
}

/** What is wrong with keys to upstream, without showing one. */
export function faultOfKeys(keys: readonly string[]): string | undefined {
  if (keys.length === 0) return "holds no key";
  if (keys.every((key) => /^[\x21-\x7e]+$/.test(key))) return undefined;
  return "holds a character that no HTTP header may carry";
}

/** A comma-separated list without empty entries. */
export function toList(text: string | undefined): string[] {
  return (text ?? "")
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

function freeze<T extends object>(value: T): T {
  for (const part of Object.values(value))
    if (typeof part === "object" && part !== null) freeze(part);
  return Object.freeze(value);
}
