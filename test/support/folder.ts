/** Temporary folders of tests, gone with the process that made them. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const made: string[] = [];

process.on("exit", () => {
  for (const path of made) rmSync(path, { recursive: true, force: true });
});

/** Makes an empty folder. */
export function temporaryFolder(): string {
  const path = mkdtempSync(join(tmpdir(), "mistral-stream-test-"));
  made.push(path);
  return path;
}
