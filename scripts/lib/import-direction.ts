/** Who may import whom in app/: an outer layer an inner one, never the other way round. */

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

/** From the inside out; files of app/ that are not named here are the middle, around the relay. */
const LAYERS: readonly (readonly RegExp[])[] = [
  [/^core\//],
  [/^(config|environment)\.ts$/],
  [/^stores\//, /^upstream\//, /^telemetry\//],
  [/^[^/]+\.ts$/],
  [/^http\//, /^playground\//],
  [/^gateway\.ts$/],
  [/^(process|reload)\.ts$/],
  [/^main(\.deno)?\.ts$/],
];
const NAMED_OUTSIDE = /^(gateway|process|reload|main(\.deno)?|config|environment)\.ts$/;
const MIDDLE = 3;

/** A file that is longer holds more than one idea. */
const LINES_MAX = 200;

const IMPORT =
  /^(?:import|export)\b[^;]*?\bfrom "([^"]+)"|^import "([^"]+)"|\bimport\("([^"]+)"\)/gm;

/** The layer of a file and its place in it: stores and upstream are of one layer, yet strangers. */
function placeOf(file: string): { layer: number; place: string } {
  const isMiddle = !file.includes("/") && !NAMED_OUTSIDE.test(file);
  const layer = isMiddle
    ? MIDDLE
    : LAYERS.findIndex(
        (patterns, i) => i !== MIDDLE && patterns.some((pattern) => pattern.test(file)),
      );
  return { layer, place: file.includes("/") ? file.slice(0, file.indexOf("/")) : "" };
}

/** What is wrong with one file of app/, in sentences. */
export function faultsOf(file: string, text: string): string[] {
  const faults: string[] = [];
  const lines = text.split("\n").length - 1;
  if (lines > LINES_MAX) faults.push(`${lines} lines; ${LINES_MAX} is the most`);
  if (!file.endsWith(".ts")) return faults;
  const own = placeOf(file);
  if (own.layer < 0)
    return [...faults, "is in no known layer; name it in scripts/lib/import-direction.ts"];
  const code = text.replace(/^\s*(\/\/|\*|\/\*).*$/gm, "");
  if (!/^main(\.deno)?\.ts$/.test(file) && /\b(Bun|Deno)\.[a-z]|"bun(:[a-z]+)?"/.test(code)) {
    faults.push("names a runtime; only main.ts and main.deno.ts may");
  }
  for (const [, from, bare, dynamic] of code.matchAll(IMPORT)) {
    const target = from ?? bare ?? dynamic ?? "";
    if (target.startsWith(".")) {
      const other = normalize(join(dirname(file), target));
      const { layer, place } = placeOf(other);
      const isStranger = layer === own.layer && place !== own.place;
      if (layer > own.layer || isStranger || other.startsWith(".."))
        faults.push(`imports ${other}`);
    } else if (/^(elysia|@elysiajs\/)/.test(target) && own.place !== "http") {
      faults.push(`imports ${target}; Elysia is named only under http/`);
    } else if (target.startsWith("node:") && own.place === "core") {
      faults.push(`imports ${target}; core/ is pure`);
    }
  }
  return faults;
}

if (import.meta.main) {
  const root = process.argv[2] ?? join(import.meta.dirname, "../../app");
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const file = path.slice(root.length + 1);
    for (const fault of faultsOf(file, readFileSync(path, "utf8"))) {
      console.error(`app/${file}: ${fault}`);
      process.exitCode = 1;
    }
  }
}
