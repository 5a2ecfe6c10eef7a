/** Three pictures, as Vega-Lite specifications, drawn into SVG by Vega's own program. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Figure, median } from "./figures.ts";
import { TOOLS } from "./places.ts";

const LOOK = {
  $schema: "https://vega.github.io/schema/vega-lite/v6.json",
  background: "white",
  width: 560,
  config: {
    font: "sans-serif",
    axis: { labelFontSize: 12, titleFontSize: 12 },
    legend: { orient: "bottom", labelFontSize: 12, labelLimit: 0 },
  },
} as const;

/** Logarithmic but for the least tenth of a millisecond: an added time may come out below nothing. */
const AROUND_ZERO = { type: "symlog", constant: 0.1 };

/** Writes each picture for which there are figures. */
export function drawPictures(figures: readonly Figure[], folder: string): void {
  const of = (row: Figure["row"], name: string) =>
    figures
      .filter((one) => one.row === row && one.name === name)
      .map(({ who, point, values }) => ({
        who,
        point,
        low: Math.min(...values),
        value: median(values),
        high: Math.max(...values),
      }));
  const cpu = [
    ...of("cpu", "CPU").map((line) => ({ ...line, load: "50 streams, an event every 5 ms" })),
    ...of("fast", "CPU")
      .filter(({ point }) => point === "event by event")
      .map((line) => ({ ...line, load: "20 streams, as fast as upstream can" })),
  ];
  const first = [
    ...of("first", "added p50").map((line) => ({ ...line, share: "p50" })),
    ...of("first", "added p99").map((line) => ({ ...line, share: "p99" })),
  ];
  draw("cpu", folder, cpu, bars("CPU time of the gateway per event, us", "load", { type: "log" }));
  draw("first-event", folder, first, bars("added time to first event, ms", "share", AROUND_ZERO));
  draw("growth", folder, of("growth", "CPU"), growth());
}

/** Bars from the least to the most that any round gave, a mark at the median. */
function bars(title: string, color: string, scale: object) {
  const y = { field: "who", type: "nominal", title: null, sort: null };
  const offset = {
    yOffset: { field: color },
    color: { field: color, type: "nominal", title: null },
  };
  const x = { type: "quantitative", scale, title };
  return {
    height: { step: 16 },
    encoding: { y, ...offset },
    layer: [
      {
        mark: { type: "bar", height: 6 },
        encoding: { x: { ...x, field: "low" }, x2: { field: "high" } },
      },
      {
        mark: { type: "point", filled: true, size: 50 },
        encoding: { x: { ...x, field: "value" } },
      },
      {
        mark: { type: "text", align: "left", dx: 8, fontSize: 11 },
        encoding: { x: { ...x, field: "high" }, text: { field: "value", format: ".3~g" } },
      },
    ],
  };
}

function growth() {
  const x = {
    field: "streams",
    type: "quantitative",
    scale: { type: "log" },
    title: "streams (log)",
  };
  const y = { type: "quantitative", scale: { zero: true }, title: "CPU time per event, us" };
  const color = { field: "who", type: "nominal", title: null };
  return {
    height: 260,
    transform: [{ calculate: "toNumber(datum.point)", as: "streams" }],
    encoding: { x, color },
    layer: [
      { mark: { type: "line", point: true }, encoding: { y: { ...y, field: "value" } } },
      { mark: "rule", encoding: { y: { ...y, field: "low" }, y2: { field: "high" } } },
    ],
  };
}

function draw(name: string, folder: string, values: readonly object[], spec: object): void {
  if (values.length === 0) return;
  const temporary = mkdtempSync(join(tmpdir(), "mistral-stream-bench-"));
  try {
    const path = join(temporary, "spec.json");
    writeFileSync(path, JSON.stringify({ ...LOOK, data: { values }, ...spec }));
    const program = join(TOOLS, "npm/node_modules/vega-lite/bin/vl2svg");
    const drawn = Bun.spawnSync([process.execPath, program, path, join(folder, `${name}.svg`)]);
    if (drawn.exitCode !== 0) throw new Error(`${name}.svg: ${drawn.stderr.toString()}`);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}
