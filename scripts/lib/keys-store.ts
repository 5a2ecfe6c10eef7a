/** The keys file on disk: read whole, checked, and replaced in one step. */

import { closeSync, existsSync, fsyncSync, openSync, readFileSync, realpathSync } from "node:fs";
import { renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { ADDRESS_LIMITS, type KeysFile, parseKeys } from "../../app/core/keys-file.ts";

/** Something about the file or the wish that a sentence explains; no stack helps with it. */
export class KeysRefused extends Error {}

/** What a new file starts with: the plan of the README. */
const NEW_FILE: KeysFile = {
  plans: {
    default: {
      requestsPerMinute: 60,
      burst: 10,
      concurrentStreams: 4,
      tokensPerDay: 200_000,
      maxOutputTokens: 4096,
    },
  },
  ip: ADDRESS_LIMITS,
  keys: [],
};

/**
 * Reads a keys file.
 * @param absence whether a file that is missing is a new one, or a mistake
 * @throws KeysRefused with every fault, each with its line and field
 */
export function readKeysFile(
  path: string,
  absence: "may be missing" | "must exist" = "must exist",
): KeysFile {
  if (!existsSync(path)) {
    if (absence === "may be missing") return structuredClone(NEW_FILE);
    throw new KeysRefused(`${path} does not exist; scripts/keys create makes it.`);
  }
  const parsed = parseKeys(readFileSync(path, "utf8"));
  if (!parsed.ok)
    throw new KeysRefused(parsed.faults.map((fault) => `${path}: ${fault}`).join("\n"));
  return structuredClone(parsed.keys.file);
}

/**
 * Writes a keys file beside the old one and renames it over that, so that a server which looks at it
 * meanwhile sees one version or the other.
 * @throws KeysRefused when the server would not take the new version; the old one stays
 */
export function writeKeysFile(path: string, file: KeysFile): void {
  const text = `${JSON.stringify(file, null, 2)}\n`;
  const parsed = parseKeys(text);
  // Lines are those of a file that will never exist, so only the fields are told.
  if (!parsed.ok) {
    const faults = parsed.faults.map((fault) => fault.replace(/^line \d+: /, ""));
    throw new KeysRefused(`Nothing was written: ${faults.join("; ")}`);
  }
  const isNew = !existsSync(path);
  // A link stays a link, to a target that is replaced.
  const target = isNew ? path : realpathSync(path);
  const temporary = `${target}.${process.pid}.new`;
  try {
    const handle = openSync(temporary, "wx", isNew ? 0o644 : statSync(target).mode & 0o777);
    writeFileSync(handle, text);
    fsyncSync(handle);
    closeSync(handle);
    renameSync(temporary, target);
  } catch (error) {
    rmSync(temporary, { force: true });
    const reason = error instanceof Error ? error.message : String(error);
    throw new KeysRefused(`Nothing was written: ${reason}`, { cause: error });
  }
}
