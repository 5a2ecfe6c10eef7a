/** Recorded streams read from a folder, so that simulation and gateway are not both wrong in the same way. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** One recording of Mistral's API. */
export interface Recording {
  /** The file's name without its suffix. */
  readonly name: string;
  /** The JSON text of each chunk, as it came. */
  readonly chunks: readonly string[];
  /** The body of the same answer without streaming, where there is a `<name>.json`. */
  readonly body: string | undefined;
}

const SUFFIX = ".chunks.txt";

/**
 * Reads every `*.chunks.txt` (one chunk a line, without the `data: ` prefix) of a folder, by name.
 * @throws Error when the folder cannot be read or holds no recording, or a file no chunk
 */
export function readRecordings(folder: string): Recording[] {
  const files = readdirSync(folder).sort();
  const recordings = files
    .filter((file) => file.endsWith(SUFFIX))
    .map((file) => {
      const name = file.slice(0, -SUFFIX.length);
      // Lines end in LF or CRLF; a blank one is not a chunk.
      const chunks = readFileSync(join(folder, file), "utf8")
        .split(/\r?\n/)
        .filter((line) => line.trim() !== "");
      if (chunks.length === 0) throw new Error(`${join(folder, file)} holds no chunk.`);
      const twin = `${name}.json`;
      return {
        name,
        chunks,
        body: files.includes(twin) ? readFileSync(join(folder, twin), "utf8") : undefined,
      };
    });
  if (recordings.length === 0) throw new Error(`${folder} holds no *${SUFFIX}.`);
  return recordings;
}
