/** From samples to figures: one value a round, and times nginx of the same round. */

import { ROWS, type RowName, type Who } from "./rows.ts";
import type { Sample } from "./run.ts";

/** One line of the table. */
export interface Figure {
  readonly row: RowName;
  readonly name: string;
  readonly unit: string;
  readonly who: Who;
  readonly point: string;
  /** By round, from the first. */
  readonly values: readonly number[];
  /** Times nginx of the same round; empty where that says nothing. */
  readonly timesNginx: readonly number[];
}

/** How a figure is read from a sample, and from upstream asked directly in the same round. */
interface Reading {
  readonly name: string;
  readonly unit: string;
  readonly of: (sample: Sample, direct: Sample | undefined) => number | undefined;
  readonly isRatio?: boolean;
}

const perEvent: Reading = {
  name: "CPU",
  unit: "us/event",
  of: ({ who, result }) =>
    who === "direct" ? undefined : (result.gatewayCpu * 1e6) / result.events,
  isRatio: true,
};

const added = (name: string, of: (sample: Sample) => number): Reading => ({
  name,
  unit: "ms",
  of: (sample, direct) =>
    sample.who === "direct" || direct === undefined ? undefined : of(sample) - of(direct),
});

const READINGS: Record<RowName, readonly Reading[]> = {
  cpu: [perEvent],
  fast: [
    perEvent,
    {
      name: "events",
      unit: "1000/s",
      of: ({ result }) => result.events / result.wallSeconds / 1000,
    },
  ],
  first: [
    added("added p50", ({ result }) => result.first.p50 / 1000),
    added("added p99", ({ result }) => result.first.p99 / 1000),
  ],
  gap: [
    added("added p50 on the way", ({ result }) => result.transit.p50 / 1000),
    added("added p99", ({ result }) => result.gap.p99 / 1000),
  ],
  plain: [
    { name: "requests", unit: "1/s", of: ({ result }) => result.requests / result.wallSeconds },
    {
      name: "CPU",
      unit: "us/request",
      of: ({ who, result }) =>
        who === "direct" ? undefined : (result.gatewayCpu * 1e6) / result.requests,
      isRatio: true,
    },
  ],
  cancel: [
    { name: "p50", unit: "ms", of: ({ result }) => result.cancel.p50 / 1000 },
    { name: "p99", unit: "ms", of: ({ result }) => result.cancel.p99 / 1000 },
    {
      name: "unnoticed",
      unit: "%",
      of: ({ result }) => (100 * result.unnoticed) / result.requests,
    },
  ],
  idle: [
    {
      name: "each",
      unit: "KiB",
      of: ({ result, streams }) => (result.memoryAfter - result.memoryBefore) / streams,
    },
    { name: "with none", unit: "MB", of: ({ result }) => (result.memoryBefore * 1024) / 1e6 },
  ],
  stuck: [
    {
      name: "memory grows by",
      unit: "MiB",
      of: ({ point, result }) =>
        point === "with" ? (result.memoryMost - result.memoryBefore) / 1024 : undefined,
    },
    { name: "gap p99", unit: "ms", of: ({ result }) => result.gap.p99 / 1000 },
  ],
  start: [{ name: "ready", unit: "ms", of: ({ readyMs }) => readyMs }],
  growth: [perEvent],
  parts: [perEvent],
};

export function figuresOf(samples: readonly Sample[]): Figure[] {
  const figures: Figure[] = [];
  for (const row of Object.keys(ROWS) as RowName[]) {
    const here = samples.filter((sample) => sample.row === row);
    for (const reading of READINGS[row]) {
      for (const [who, point] of lines(here)) {
        const values: number[] = [];
        const timesNginx: number[] = [];
        for (const sample of here.filter((one) => one.who === who && one.point === point)) {
          const beside = (name: Who) =>
            here.find(
              (one) => one.who === name && one.round === sample.round && one.point === point,
            );
          const value = reading.of(sample, beside("direct"));
          if (value === undefined) continue;
          values.push(value);
          const nginx = beside("nginx");
          const limit = nginx && reading.of(nginx, beside("direct"));
          if (reading.isRatio && limit !== undefined && limit > 0) timesNginx.push(value / limit);
        }
        if (values.length === 0) continue;
        const { name, unit } = reading;
        figures.push({ row, name, unit, who, point, values, timesNginx });
      }
    }
  }
  return figures;
}

/** Gateway and point of each line, in the order of the row. */
function lines(samples: readonly Sample[]): [Who, string][] {
  const found = new Map<string, [Who, string]>();
  for (const { row, who, point } of samples) {
    const order = (ROWS[row].who as readonly Who[]).indexOf(who);
    found.set(`${order} ${who} ${point}`, [who, point]);
  }
  const order = (who: Who, row: RowName) => (ROWS[row].who as readonly Who[]).indexOf(who);
  const [first] = samples;
  if (first === undefined) return [];
  return [...found.values()].sort(([a, x], [b, y]) => {
    const numeric = Number(x) - Number(y);
    return order(a, first.row) - order(b, first.row) || (Number.isNaN(numeric) ? 0 : numeric);
  });
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? Number.NaN;
  return Number.isInteger(middle) ? (upper + (sorted[middle - 1] ?? Number.NaN)) / 2 : upper;
}
