/** What has to hold, and where figures should go: the table of issue 5, and what stands beside it. */

import { PARTS, type RowName, type Who } from "./rows.ts";

/** A figure's values by round. */
export type Values = (row: RowName, name: string, who: Who, point?: string) => readonly number[];

/** One line of the table of promises. */
export interface Promised {
  readonly row: RowName;
  readonly says: string;
  readonly unit: string;
  /** Values by round; `times` are those of nginx in the same round. */
  readonly of: (values: Values, times: Values) => readonly number[];
  readonly bound: "at most" | "at least";
  /** A line without floor and aim only tells what a figure beside it is worth. */
  readonly floor?: number;
  readonly aim?: number;
}

const most = { bound: "at most" } as const;
const least = { bound: "at least" } as const;

const GROWTH = ["1", "10", "100", "1000", "4000"] as const;

const own = (
  row: RowName,
  name: string,
  says: string,
  unit: string,
  limits: { floor?: number; aim?: number },
  point?: string,
): Promised => ({ ...most, ...limits, row, says, unit, of: (v) => v(row, name, "bun", point) });

const nginxTimes = (who: Who, says: string, limits: { floor?: number; aim?: number }): Promised => {
  return {
    ...most,
    ...limits,
    row: "cpu",
    says,
    unit: "times",
    of: (_, times) => times("cpu", "CPU", who),
  };
};

/** What the limit itself has over a peer. */
const besideNginx = (who: Who) => nginxTimes(who, `${who}, times nginx`, {});

const flood = (who: Who, point: string, limits: { floor?: number }): Promised => ({
  ...most,
  ...limits,
  row: "fast",
  says: `${who}, ${point}, times nginx`,
  unit: "times",
  of: (_, times) => times("fast", "CPU", who, point),
});

const peerTimes = (who: Who, floor: number): Promised => ({
  ...least,
  row: "cpu",
  says: `${who}, times bun`,
  unit: "times",
  floor,
  of: (v) => each(v("cpu", "CPU", who), v("cpu", "CPU", "bun")),
});

const portkeyTimes = (who: Who, limits: { floor?: number }): Promised => ({
  ...least,
  ...limits,
  row: "plain",
  says: `${who}, times portkey`,
  unit: "times",
  of: (v) => each(v("plain", "requests", who), v("plain", "requests", "portkey")),
});

const spread = (who: Who, limits: { floor?: number }): Promised => ({
  ...most,
  ...limits,
  row: "growth",
  unit: "%",
  says: `${who}, furthest from the mean of all numbers of streams`,
  of: (v) => furthest(GROWTH.map((point) => v("growth", "CPU", who, point))),
});

const part = (name: string, before: string | undefined): Promised => ({
  ...most,
  row: "parts",
  says: `${name} adds`,
  unit: "%",
  floor: 10,
  of: (v) =>
    each(v("parts", "CPU", "bun", name), v("parts", "CPU", "bun", before)).map(
      (times) => 100 * (times - 1),
    ),
});

export const PROMISED: readonly Promised[] = [
  nginxTimes("bun", "bun, times nginx", { floor: 2.5, aim: 1.5 }),
  nginxTimes("bun /stream", "bun /stream, times nginx", { floor: 2.5, aim: 1.5 }),
  peerTimes("portkey", 3),
  peerTimes("fastapi", 40),
  peerTimes("litellm", 40),
  besideNginx("portkey"),
  besideNginx("fastapi"),
  besideNginx("litellm"),
  nginxTimes("deno", "deno, times nginx", { floor: 7, aim: 4 }),
  flood("bun", "event by event", { floor: 2 }),
  flood("bun /stream", "event by event", {}),
  flood("bun", "4 KiB at a time", {}),
  own("first", "added p50", "bun adds, p50", "ms", { floor: 1, aim: 0.4 }),
  own("first", "added p99", "bun adds, p99", "ms", { aim: 1 }),
  own("gap", "added p99", "bun adds, p99", "ms", { floor: 2 }),
  portkeyTimes("bun", { floor: 5 }),
  portkeyTimes("nginx", {}),
  portkeyTimes("direct", {}),
  own("cancel", "p99", "bun, p99", "ms", { floor: 5 }),
  own("cancel", "unnoticed", "bun, never told to upstream", "%", { floor: 0 }),
  own("idle", "each", "bun, each stream", "KiB", { floor: 45, aim: 30 }),
  own("idle", "with none", "bun, the process with none", "MB", { floor: 110 }),
  // What it may hold: the mebibyte that a reader may be behind, what the kernel and the runtime have
  // read ahead, and what the collector has not come to.
  own("stuck", "memory grows by", "bun's memory grows by", "MiB", { floor: 16 }, "with"),
  {
    // Less than a twentieth of the gap is nothing that a reader could notice.
    ...most,
    row: "stuck",
    says: "the others' gap grows by, p99",
    unit: "ms",
    floor: 1,
    of: (v) => less(v("stuck", "gap p99", "bun", "with"), v("stuck", "gap p99", "bun", "without")),
  },
  own("start", "ready", "bun", "ms", { floor: 300 }),
  spread("bun", { floor: 20 }),
  spread("nginx", {}),
  {
    ...most,
    row: "growth",
    says: "bun, times nginx, furthest from the mean",
    unit: "%",
    of: (_, times) => furthest(GROWTH.map((point) => times("growth", "CPU", "bun", point))),
  },
  ...PARTS.slice(1).map((name, i) => part(name, PARTS[i])),
];

function each(a: readonly number[], b: readonly number[]): number[] {
  return a.slice(0, b.length).map((value, i) => value / (b[i] ?? Number.NaN));
}

function less(a: readonly number[], b: readonly number[]): number[] {
  return a.slice(0, b.length).map((value, i) => value - (b[i] ?? Number.NaN));
}

/** By round: how far, in percent of their mean, the figure furthest from it is. */
function furthest(points: readonly (readonly number[])[]): number[] {
  const measured = points.filter((one) => one.length > 0);
  return (measured[0] ?? []).map((_, round) => {
    const here = measured.map((point) => point[round] ?? Number.NaN);
    const mean = here.reduce((sum, one) => sum + one, 0) / here.length;
    return 100 * Math.max(...here.map((one) => Math.abs(one / mean - 1)));
  });
}
