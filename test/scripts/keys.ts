/** What the tests of scripts/keys share. */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type KeysFile, parseKeys } from "../../app/core/keys-file.ts";
import { ROOT, run, temporaryFolder } from "./checkout.ts";

/** Runs scripts/keys. */
export const keys = (args: readonly string[], input = "") =>
  run([process.execPath, join(ROOT, "scripts/lib/keys.ts"), ...args], { input });

/** Reads a file that must be valid. */
export const read = async (file: string): Promise<KeysFile> => {
  const parsed = parseKeys(await readFile(file, "utf8"));
  if (!parsed.ok) throw new Error(parsed.faults.join());
  return parsed.keys.file;
};

/** A new keys file with one key in it, and the folder that it is alone in. */
export async function withKey(id: string, ...more: string[]) {
  const folder = await temporaryFolder();
  const file = join(folder.path, "keys.json");
  const created = await keys(["create", "--file", file, "--id", id, ...more]);
  const key = created.stdout.trim();
  return { file, created, key, folder, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}
