/** Whether load generator and upstream could do more than any gateway let them. */

import type { RowName } from "./rows.ts";
import type { Sample } from "./run.ts";

/** Of the events that a paced job asks for, so many must come. */
const PACE_SHARE = 0.95;
/** A gateway that uses this much of a core is itself what holds the events up. */
const BUSY_CORES = 0.8;
/** Upstream asked directly gives so many times what it gives through any gateway. */
const DIRECT_TIMES = 1.2;

/** @returns a sentence for each measurement that the load generator or upstream may have held up */
export function bottlenecks(samples: readonly Sample[]): string[] {
  return samples.flatMap((sample) => {
    const { row, who, point, round, result, wantedRate } = sample;
    const where = `round ${round}, ${row}, ${who} ${point}`.trimEnd();
    if (result.gatewayCpu / result.wallSeconds >= BUSY_CORES) return [];
    const rate = rateOf(sample);
    // Streams that are meant to be idle have no pace to keep.
    if (row === "idle") return [];
    if (wantedRate >= 1) {
      if (rate >= PACE_SHARE * wantedRate) return [];
      return [`${where}: ${Math.round(rate)} of ${Math.round(wantedRate)} events a second came.`];
    }
    if (who === "direct" || !hasRate(row)) return [];
    const direct = samples.find(
      (one) =>
        one.who === "direct" && one.row === row && one.point === point && one.round === round,
    );
    if (direct === undefined || rateOf(direct) >= DIRECT_TIMES * rate) return [];
    return [
      `${where}: ${Math.round(rate)} a second, and only ${Math.round(rateOf(direct))} directly.`,
    ];
  });
}

function rateOf({ result }: Sample): number {
  return (result.events || result.requests) / result.wallSeconds;
}

/** Rows that go as fast as they can, and ask upstream directly too. */
function hasRate(row: RowName): boolean {
  return row === "fast" || row === "plain";
}
