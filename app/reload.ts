/** Files that may change while the process runs: mounted secrets and the keys file. */

import { readFileSync, statSync } from "node:fs";
import { type Config, faultOfKeys, toList } from "./config.ts";
import { KEYS_FILE_BYTES, RELOAD_POLL_MS } from "./core/bounds.ts";
import { parseKeys } from "./core/keys-file.ts";
import type { Gateway } from "./gateway.ts";
import type { Log } from "./telemetry/log.ts";

/** A watch that can be ended. */
export interface Watch {
  stop(): void;
}

/**
 * Watches every file of a configuration that may change. What is broken is refused and reported, and
 * what was there stays in force.
 * @param keysText the KEYS_FILE that is in force already
 */
export function watchFiles(config: Config, keysText: string, gateway: Gateway, log: Log): Watch[] {
  const refuse = (file: string, detail: string) => {
    gateway.reloaded(file, false);
    log.error("reload refused; what was there stays in force", { file, detail });
  };
  const accept = (file: string) => {
    gateway.reloaded(file, true);
    log.info("reloaded", { file });
  };
  const clientKeys = watchFile(config.keysFile, keysText, readKeysText, {
    onText(text) {
      const parsed = parseKeys(text);
      if (!parsed.ok) return refuse("KEYS_FILE", parsed.faults.join("; "));
      gateway.replaceKeys(parsed.keys);
      accept("KEYS_FILE");
    },
    onFault: () => refuse("KEYS_FILE", "it cannot be read"),
  });
  const { keysPath, keys } = config.upstream;
  if (keysPath === undefined) return [clientKeys];
  const readUpstreamKeys = (path: string) => toList(readText(path)).join(",");
  const upstreamKeys = watchFile(keysPath, keys.join(","), readUpstreamKeys, {
    onText(text) {
      const next = toList(text);
      const fault = faultOfKeys(next);
      if (fault !== undefined) return refuse("MISTRAL_API_KEY_FILE", fault);
      gateway.replaceUpstreamKeys(next);
      accept("MISTRAL_API_KEY_FILE");
    },
    onFault: () => refuse("MISTRAL_API_KEY_FILE", "it cannot be read"),
  });
  return [clientKeys, upstreamKeys];
}

/**
 * Reads a file at intervals and tells its new text. Reading beats watching: Kubernetes swaps a link
 * above the file, which file watchers on either runtime miss, and the files are small.
 * @param known the text that is in force already
 */
export function watchFile(
  path: string,
  known: string,
  read: (path: string) => string,
  on: { readonly onText: (text: string) => void; readonly onFault: (cause: unknown) => void },
): Watch {
  let last: string | undefined = known;
  const look = () => {
    try {
      const text = read(path);
      if (text === last) return;
      last = text;
      on.onText(text);
    } catch (cause) {
      // Told once, not every second; the next good read is a change again.
      if (last !== undefined) on.onFault(cause);
      last = undefined;
    }
  };
  const timer = setInterval(look, RELOAD_POLL_MS);
  return { stop: () => clearInterval(timer) };
}

/** Reads a file as text. */
export function readText(path: string): string {
  return readFileSync(path, "utf8");
}

/** Reads KEYS_FILE; one beyond the bound is refused before it is read. */
export function readKeysText(path: string): string {
  if (statSync(path).size > KEYS_FILE_BYTES)
    throw new Error(`${path} has more than ${KEYS_FILE_BYTES} bytes`);
  return readText(path);
}
