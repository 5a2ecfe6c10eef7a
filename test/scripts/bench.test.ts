import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { bottlenecks } from "../../scripts/lib/bench/bottleneck.ts";
import { figuresOf } from "../../scripts/lib/bench/figures.ts";
import { verdictsOf } from "../../scripts/lib/bench/floors.ts";
import { readOptions, UsageError } from "../../scripts/lib/bench/options.ts";
import type { Sample } from "../../scripts/lib/bench/run.ts";
import { ROOT, run, temporaryFolder } from "./checkout.ts";

const NONE = { count: 0, p50: 0, p99: 0, most: 0 };

function sample(given: Partial<Sample>, result: Partial<Sample["result"]>): Sample {
  return {
    round: 1,
    row: "cpu",
    who: "bun",
    point: "",
    streams: 50,
    wantedRate: 10_000,
    readyMs: 0,
    ...given,
    result: {
      events: 10_000,
      requests: 0,
      failed: 0,
      unnoticed: 0,
      wallSeconds: 1,
      gatewayCpu: 0.1,
      loadCpu: 0,
      upstreamCpu: 0,
      memoryBefore: 0,
      memoryAfter: 0,
      memoryMost: 0,
      transit: NONE,
      gap: NONE,
      first: NONE,
      cancel: NONE,
      ...result,
    },
  };
}

describe("scripts/bench", () => {
  test("a quick run tells figures of the gateway, nginx and the direct floor, and keeps them", async () => {
    await using folder = await temporaryFolder();
    const { stdout, stderr, status } = await run(
      [
        join(ROOT, "scripts/bench"),
        "--quick",
        "--rows",
        "cpu,fast,first,plain,idle",
        "--out",
        folder.path,
      ],
      { cwd: "/" },
    );
    // A machine that runs tests is no place for floors: 1 says that one was missed, nothing else.
    expect([0, 1], stderr).toContain(status);
    expect(stderr).not.toContain("failed:");
    expect(stdout).toContain("| CPU per event, 50 streams, one event every 5 ms, CPU | bun |");
    const told = JSON.parse(readFileSync(join(folder.path, "figures.json"), "utf8"));
    const who = new Set(told.samples.map((one: Sample) => one.who));
    expect([...who].toSorted()).toEqual(["bun", "bun /stream", "direct", "nginx"]);
    for (const { result, row } of told.samples as Sample[]) {
      expect(result.wallSeconds).toBeGreaterThan(0);
      expect(result.events > 0 || result.requests > 0 || row === "idle").toBe(true);
    }
    expect(stdout).not.toContain("NaN");
    expect(readFileSync(join(folder.path, "table.md"), "utf8")).toBe(stdout.replace(/\n$/, ""));
    for (const picture of ["cpu", "first-event"])
      expect(existsSync(join(folder.path, `${picture}.svg`))).toBe(true);
  }, 120_000);

  test("--help says what there is, and a wrong option is told", async () => {
    const script = join(ROOT, "scripts/bench");
    expect((await run([script, "--help"])).stdout).toContain("--quick");
    expect((await run([script, "--only", "apache"])).status).toBe(64);
  });
});

describe("options", () => {
  test("files are written without being asked for by a whole run alone", () => {
    expect(readOptions([], "/out").out).toBe("/out");
    for (const args of [["--quick"], ["--only", "bun"], ["--rows", "cpu"]])
      expect(readOptions(args, "/out").out).toBeUndefined();
  });

  test.each([[["--rounds", "0"]], [["--rounds", "many"]], [["--rows", "cpu,none"]], [["--slow"]]])(
    "%p is refused",
    (args) => {
      expect(() => readOptions(args, "/out")).toThrow(UsageError);
    },
  );
});

describe("figures", () => {
  test("times nginx is of the same round", () => {
    const samples = [1, 2].flatMap((round) => [
      sample({ round, who: "nginx" }, { gatewayCpu: 0.1 * round }),
      sample({ round, who: "bun" }, { gatewayCpu: 0.2 * round }),
    ]);
    const bun = figuresOf(samples).find(({ who }) => who === "bun");
    expect(bun?.values.map((value) => Math.round(value))).toEqual([20, 40]);
    expect(bun?.timesNginx).toEqual([2, 2]);
  });

  test("an added time is over upstream asked directly in the same round", () => {
    const first = (who: Sample["who"], round: number, p50: number) =>
      sample({ row: "first", who, round }, { first: { ...NONE, p50 } });
    const samples = [
      first("direct", 1, 100),
      first("bun", 1, 400),
      first("direct", 2, 1000),
      first("bun", 2, 1500),
    ];
    const added = figuresOf(samples).find(({ name }) => name === "added p50");
    expect(added?.values.map((value) => value.toFixed(3))).toEqual(["0.300", "0.500"]);
  });
});

describe("floors", () => {
  test.each([
    [0.24, true, false],
    [0.14, true, true],
    [0.26, false, false],
  ])(
    "%p s of CPU beside nginx's 0.1: the floor holds %p, the aim %p",
    (gatewayCpu, holds, reaches) => {
      const samples = [sample({ who: "nginx" }, { gatewayCpu: 0.1 }), sample({}, { gatewayCpu })];
      const [verdict] = verdictsOf(figuresOf(samples));
      expect(verdict).toMatchObject({ holds, reaches });
    },
  );
});

describe("bottlenecks", () => {
  test("a pace that was not kept by a gateway at rest is the load generator's", () => {
    expect(bottlenecks([sample({}, { events: 9000 })])).toHaveLength(1);
    expect(bottlenecks([sample({}, { events: 9900 })])).toEqual([]);
    expect(bottlenecks([sample({}, { events: 9000, gatewayCpu: 0.9 })])).toEqual([]);
  });

  test("a gateway at rest that is as fast as upstream itself is held up by it", () => {
    const fast = (who: Sample["who"], events: number) =>
      sample({ row: "fast", wantedRate: 0, who }, { events, gatewayCpu: 0.3 });
    expect(bottlenecks([fast("direct", 100), fast("nginx", 99)])).toHaveLength(1);
    expect(bottlenecks([fast("direct", 200), fast("nginx", 99)])).toEqual([]);
  });
});
