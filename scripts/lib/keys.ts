/** scripts/keys: makes, rotates, revokes, lists and verifies the keys of a keys file. */

import { readFileSync } from "node:fs";
import { hasValidChecksum } from "../../app/core/api-key.ts";
import { type DigestEntry, digestOf, makeKey, until } from "./key-secret.ts";
import { type Options, parse, required, TAKES, USAGE, UsageError } from "./keys-options.ts";
import { KeysRefused, readKeysFile, writeKeysFile } from "./keys-store.ts";

function create(options: Options): number {
  const path = required(options, "file");
  const id = required(options, "id");
  const file = readKeysFile(path, "may be missing");
  if (file.keys.some((key) => key.id === id)) {
    throw new KeysRefused(`There is a key "${id}" already; use rotate, or another id.`);
  }
  const { key, digest } = makeKey();
  file.keys.push({
    id,
    plan: options.plan ?? "default",
    digests: [
      {
        sha256: digest,
        notBefore: options["not-before"] ?? null,
        expiresAt: options.expires ?? null,
      },
    ],
    ...(options.models === undefined
      ? {}
      : { models: options.models.split(",").map((name) => name.trim()) }),
  });
  writeKeysFile(path, file);
  console.log(key);
  return 0;
}

function rotate(options: Options): number {
  const path = required(options, "file");
  const id = required(options, "id");
  const file = readKeysFile(path);
  const end = until(options.overlap ?? "7d", Date.now());
  if (end === undefined)
    throw new UsageError("--overlap takes a duration such as 7d, or an ISO 8601 date.");
  const { key, digest } = makeKey();
  const entry = find(file.keys, id);
  for (const old of entry.digests) {
    // One that ends earlier by itself must not be given more time by a rotation.
    if (!old.expiresAt || Date.parse(old.expiresAt) > Date.parse(end)) old.expiresAt = end;
  }
  entry.digests.push({ sha256: digest, notBefore: null, expiresAt: options.expires ?? null });
  writeKeysFile(path, file);
  console.log(key);
  console.error(`The secrets before it end at ${end}.`);
  return 0;
}

function revoke(options: Options): number {
  const path = required(options, "file");
  const id = required(options, "id");
  const file = readKeysFile(path);
  const entry = find(file.keys, id);
  const prefix = options.digest;
  if (prefix === undefined) {
    file.keys.splice(file.keys.indexOf(entry), 1);
  } else {
    const matches = entry.digests.filter((digest) => digest.sha256.startsWith(prefix));
    const [match] = matches;
    if (prefix === "" || match === undefined || matches.length > 1) {
      throw new KeysRefused(
        `--digest fits ${matches.length} digests of "${id}"; it must fit exactly one.`,
      );
    }
    entry.digests.splice(entry.digests.indexOf(match), 1);
  }
  writeKeysFile(path, file);
  return 0;
}

function list(options: Options): number {
  const file = readKeysFile(required(options, "file"));
  const rows = [["id", "plan", "models", "digest", "not before", "expires", "state"]];
  for (const { id, plan, models, digests } of file.keys) {
    const what = [id, plan ?? "default", models?.join(",") ?? "all"];
    if (digests.length === 0) rows.push([...what, "none", "-", "-", "no secret"]);
    for (const digest of digests) {
      const dates = [digest.notBefore ?? "-", digest.expiresAt ?? "-"];
      rows.push([...what, digest.sha256.slice(0, 12), ...dates, stateOf(digest)]);
    }
  }
  const widths = rows[0]?.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0))) ?? [];
  for (const row of rows)
    console.log(
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join("  ")
        .trimEnd(),
    );
  return 0;
}

function verify(options: Options): number {
  const key = readFileSync(options["key-file"] ?? 0, "utf8").trim();
  if (!hasValidChecksum(key)) {
    console.log("form and checksum: wrong; a character is missing, mistyped or too many");
    return 1;
  }
  console.log("form and checksum: right");
  if (options.file === undefined) return 0;
  const sha256 = digestOf(key);
  for (const entry of readKeysFile(options.file).keys) {
    const digest = entry.digests.find((one) => one.sha256 === sha256);
    if (digest === undefined) continue;
    const state = stateOf(digest);
    const end = digest.expiresAt ? `until ${digest.expiresAt}` : "without an end";
    console.log(`key: ${entry.id}, plan ${entry.plan ?? "default"}, ${state}, ${end}`);
    return state === "active" ? 0 : 1;
  }
  console.log("key: not in the file");
  return 1;
}

function find<T extends { id: string }>(keys: readonly T[], id: string): T {
  const entry = keys.find((key) => key.id === id);
  if (entry === undefined) throw new KeysRefused(`There is no key "${id}" in the file.`);
  return entry;
}

function stateOf(digest: DigestEntry): "active" | "not yet" | "expired" {
  if (digest.expiresAt && Date.parse(digest.expiresAt) <= Date.now()) return "expired";
  return digest.notBefore && Date.parse(digest.notBefore) > Date.now() ? "not yet" : "active";
}

const COMMANDS: Record<string, (options: Options) => number> = {
  create,
  rotate,
  revoke,
  list,
  verify,
};

function main(args: string[]): number {
  const { values, positionals } = parse(args);
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const [name = "", ...rest] = positionals;
  const command = COMMANDS[name];
  if (command === undefined || rest.length > 0)
    throw new UsageError("Give one command, and options only.");
  const strange = Object.keys(values).find((option) => !TAKES[name]?.includes(option));
  if (strange !== undefined) throw new UsageError(`${name} takes no --${strange}.`);
  return command(values);
}

try {
  process.exitCode = main(process.argv.slice(2));
} catch (error) {
  const isUsage = error instanceof UsageError;
  if (!isUsage && !(error instanceof KeysRefused)) throw error;
  console.error(isUsage ? `${error.message}\n\n${USAGE}` : error.message);
  process.exitCode = isUsage ? 64 : 1;
}
