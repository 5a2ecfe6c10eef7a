/** Holds what was promised against what was measured. */

import { type Figure, median } from "./figures.ts";
import { PROMISED, type Promised, type Values } from "./promises.ts";
import type { RowName, Who } from "./rows.ts";

/** One promise and what became of it. */
export interface Verdict extends Omit<Promised, "of"> {
  /** By round; the median is what counts. */
  readonly values: readonly number[];
  readonly holds: boolean;
  /** Undefined where there is no aim. */
  readonly reaches: boolean | undefined;
}

/** @returns the promises that this run can tell about */
export function verdictsOf(figures: readonly Figure[]): Verdict[] {
  const find = (row: RowName, name: string, who: Who, point = "") =>
    figures.find(
      (one) => one.row === row && one.name === name && one.who === who && one.point === point,
    );
  const values: Values = (...which) => find(...which)?.values ?? [];
  const times: Values = (...which) => find(...which)?.timesNginx ?? [];
  return PROMISED.flatMap(({ of, ...promised }): Verdict[] => {
    const { bound, floor, aim } = promised;
    const found = of(values, times);
    if (found.length === 0) return [];
    const keeps = (limit: number) =>
      bound === "at most" ? median(found) <= limit : median(found) >= limit;
    const holds = floor === undefined || keeps(floor);
    const reaches = aim === undefined ? undefined : keeps(aim);
    return [{ ...promised, values: found, holds, reaches }];
  });
}
