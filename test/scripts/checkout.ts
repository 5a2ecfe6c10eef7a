/** Copies of this checkout, as a fresh clone would have it: uncommitted work too, nothing ignored. */

import { cp, mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

export const ROOT = join(import.meta.dirname, "../..");

/** A folder for one test. */
export interface Folder extends AsyncDisposable {
  readonly path: string;
}

export async function temporaryFolder(): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), "mistral-stream-scripts-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** A copy without node_modules and .tools; `installed` links those of this checkout. */
export async function copyCheckout(how: "bare" | "installed"): Promise<Folder> {
  const folder = await temporaryFolder();
  const list = await run(["git", "ls-files", "-co", "--exclude-standard"], { cwd: ROOT });
  for (const file of list.stdout.split("\n")) {
    if (file === "" || !existsSync(join(ROOT, file))) continue;
    await mkdir(dirname(join(folder.path, file)), { recursive: true });
    await cp(join(ROOT, file), join(folder.path, file));
  }
  if (how === "bare") return folder;
  for (const name of ["node_modules", ".tools"]) {
    if (existsSync(join(ROOT, name))) await symlink(join(ROOT, name), join(folder.path, name));
  }
  return folder;
}

/** A folder for PATH that holds these programs and no other. */
export async function programs(folder: string, names: readonly string[]): Promise<string> {
  const bin = join(folder, "only");
  await mkdir(bin);
  for (const name of names) {
    const found = Bun.which(name);
    if (found === null) throw new Error(`${name} is not on PATH`);
    await symlink(found, join(bin, name));
  }
  return bin;
}

/** What the scripts take from a Unix machine, however small. */
export const UNIX = [
  ..."bash env dirname basename cat cmp mkdir mktemp rm ln cp mv uname sed grep head sleep".split(
    " ",
  ),
  ...(Bun.which("flock") === null ? ["perl"] : ["flock"]),
];

export interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end; only what `env` holds is in its environment, where it is given. */
export async function run(
  command: readonly string[],
  options: { cwd?: string; env?: Record<string, string>; input?: string } = {},
): Promise<Ran> {
  const { input, ...rest } = options;
  const child = Bun.spawn([...command], {
    ...rest,
    stdin: new Blob([input ?? ""]),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  return { status: await child.exited, stdout, stderr };
}
