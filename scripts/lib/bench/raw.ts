/** The raw figures, as JSON: every measurement of every round on a line of its own. */

import type { Run } from "./run.ts";
import type { Told } from "./table.ts";

/** Enough for a ratio; the clocks behind them know no more. */
const DIGITS = 5;

export function rawOf({ machine, rounds, samples, failures, bottlenecks }: Told & Run): string {
  const about = { machine, rounds, failures, bottlenecks };
  const lines = samples.map((sample) => JSON.stringify(sample, short));
  return `${JSON.stringify(about).slice(0, -1)},"samples":[\n${lines.join(",\n")}\n]}\n`;
}

/** Leaves out what a measurement does not have. */
function short(_name: string, value: unknown): unknown {
  if (typeof value === "number") return value === 0 ? undefined : Number(value.toPrecision(DIGITS));
  const isUnused = typeof value === "object" && value !== null && "count" in value && !value.count;
  return isUnused ? undefined : value;
}
