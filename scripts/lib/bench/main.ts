/** scripts/bench: measures, compares, judges, tells. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bottlenecks } from "./bottleneck.ts";
import { figuresOf } from "./figures.ts";
import { verdictsOf } from "./floors.ts";
import { readMachine } from "./machine.ts";
import { type Options, readOptions, UsageError } from "./options.ts";
import { makeStage, startUpstream } from "./peers.ts";
import { drawPictures } from "./pictures.ts";
import { ROOT } from "./places.ts";
import { stopAll } from "./processes.ts";
import { rawOf } from "./raw.ts";
import { type Run, runRounds } from "./run.ts";
import { tableOf, type Told } from "./table.ts";

const EX_USAGE = 64;
const EX_HANGS = 124;

/** A run that takes longer than this a round, and as much for its starts, hangs. */
const ROUND_MS = 900_000;

function tell(line: string): void {
  console.error(`${new Date().toISOString().slice(11, 19)}  ${line}`);
}

function install({ peers, out }: Options): void {
  const wanted = ["load", ...peers.filter((peer) => peer !== "bun" && peer !== "deno")];
  if (out !== undefined) wanted.push("pictures");
  const script = join(ROOT, "scripts/lib/bench-install.sh");
  const { exitCode } = Bun.spawnSync(["bash", script, ...wanted], {
    stdout: "inherit",
    stderr: "inherit",
  });
  if (exitCode !== 0) throw new Error("What the bench compares could not be installed.");
}

async function measure(options: Options): Promise<Told & Run> {
  const folder = mkdtempSync(join(tmpdir(), "mistral-stream-bench-"));
  try {
    const stage = makeStage(folder, await startUpstream(folder));
    const { samples, failures } = await runRounds(options, stage, tell);
    const figures = figuresOf(samples);
    const verdicts = verdictsOf(figures);
    const { rounds, peers } = options;
    const machine = readMachine(peers);
    const held = bottlenecks(samples);
    return { machine, rounds, figures, verdicts, bottlenecks: held, failures, samples };
  } finally {
    await stopAll();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2), join(ROOT, ".github/bench"));
  install(options);
  setTimeout(() => end(EX_HANGS), ROUND_MS * (options.rounds + 1)).unref();
  const told = await measure(options);
  const table = tableOf(told);
  if (options.out !== undefined) {
    mkdirSync(options.out, { recursive: true });
    writeFileSync(join(options.out, "table.md"), table);
    writeFileSync(join(options.out, "figures.json"), rawOf(told));
    drawPictures(told.figures, options.out);
  }
  console.log(table);
  const missed = told.verdicts.filter(({ holds }) => !holds);
  for (const { row, says } of missed) console.error(`missed: ${row}, ${says}`);
  for (const sentence of told.bottlenecks) console.error(`not to be believed: ${sentence}`);
  for (const sentence of told.failures) console.error(`failed: ${sentence}`);
  return missed.length + told.bottlenecks.length + told.failures.length > 0 ? 1 : 0;
}

async function end(status: number): Promise<void> {
  await stopAll();
  process.exit(status);
}

process.on("SIGINT", () => end(130));
process.on("SIGTERM", () => end(143));
try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof UsageError ? error.message : String(error));
  process.exitCode = error instanceof UsageError ? EX_USAGE : 2;
}
