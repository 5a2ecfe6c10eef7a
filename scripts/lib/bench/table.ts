/** The table, as Markdown: floors and aims first, then every figure. */

import { type Figure, median } from "./figures.ts";
import type { Verdict } from "./floors.ts";
import type { Machine } from "./machine.ts";
import { ROWS } from "./rows.ts";

/** What a table is made of. */
export interface Told {
  readonly machine: Machine;
  readonly rounds: number;
  readonly figures: readonly Figure[];
  readonly verdicts: readonly Verdict[];
  readonly bottlenecks: readonly string[];
}

export function tableOf({ machine, rounds, figures, verdicts, bottlenecks }: Told): string {
  const versions = Object.entries(machine.versions).map(([name, version]) => `${name} ${version}`);
  const checked =
    bottlenecks.length === 0
      ? "Load generator and upstream held no gateway up."
      : `Load generator or upstream may have held a gateway up: ${bottlenecks.join(" ")}`;
  return [
    `Measured ${machine.date} by \`scripts/bench\` on ${machine.cpu}, ${machine.cores} cores, ` +
      `${machine.memoryGiB} GiB, Linux ${machine.kernel}: ${rounds} rounds, interleaved, over loopback. ` +
      `${versions.join(", ")}. ${checked}`,
    "",
    "| figure | min | median | max | floor | aim | |",
    "| --- | --: | --: | --: | --: | --: | --- |",
    ...verdicts.map(verdictLine),
    "",
    "| figure | gateway | min | median | max | times nginx |",
    "| --- | --- | --: | --: | --: | --: |",
    ...figures.map(figureLine),
    "",
  ].join("\n");
}

function verdictLine(verdict: Verdict): string {
  const { row, says, unit, values, bound, floor, aim } = verdict;
  const limit = (value: number | undefined) =>
    value === undefined ? "" : `${bound === "at most" ? "≤" : "≥"} ${value} ${unit}`;
  const cells = [`${ROWS[row].title}: ${says}`, ...three(values, unit), limit(floor), limit(aim)];
  return `| ${cells.join(" | ")} | ${outcome(verdict)} |`;
}

function outcome({ floor, aim, holds, reaches }: Verdict): string {
  if (floor === undefined && aim === undefined) return "beside it";
  if (!holds) return "**floor missed**";
  if (reaches === false) return floor === undefined ? "aim missed" : "floor holds, aim missed";
  return "holds";
}

function figureLine({ row, name, unit, who, point, values, timesNginx }: Figure): string {
  const what = [ROWS[row].title, name, point].filter((part) => part !== "").join(", ");
  const times = timesNginx.length === 0 ? "" : median(timesNginx).toFixed(2);
  return `| ${[what, who, ...three(values, unit), times].join(" | ")} |`;
}

function three(values: readonly number[], unit: string): string[] {
  return [
    `${digits(Math.min(...values))}`,
    `${digits(median(values))} ${unit}`,
    `${digits(Math.max(...values))}`,
  ];
}

function digits(value: number): string {
  const size = Math.abs(value);
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2);
}
