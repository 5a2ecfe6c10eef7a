import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createMetrics } from "../../app/telemetry/metrics.ts";
import { askChat, errorOf } from "../runtime/stage.ts";
import { startGateway, type TestGateway } from "../support/gateway.ts";
import { OTHER_KEY } from "../support/keys.ts";
import { startUpstream, type Upstream } from "../support/upstream.ts";

const NOTHING = () => 0;
const GAUGES = {
  openStreams: NOTHING,
  openReaders: NOTHING,
  logBytes: NOTHING,
  openBreakers: NOTHING,
};

describe("labels", () => {
  test("a model that is not on the list is other, however many there are", async () => {
    const metrics = createMetrics(["mistral-large-latest"], GAUGES);
    metrics.ended("mistral-large-latest", "completed", 10);
    for (let i = 0; i < 1000; i++) {
      metrics.ended(`made-up-${i}`, "completed", 10);
      metrics.firstEvent(`made-up-${i}`, 5);
      metrics.tokens(`made-up-${i}`, 1, 1);
    }
    const { text } = await metrics.expose();
    expect(text).not.toContain("made-up");
    expect(text).toContain('mistral_stream_streams_total{model="other",outcome="completed"} 1000');
    const models = new Set([...text.matchAll(/model="([^"]*)"/g)].map(([, model]) => model));
    expect(models).toEqual(new Set(["mistral-large-latest", "other"]));
  });
});

describe("a real Prometheus", () => {
  let gateway: TestGateway;
  let upstream: Upstream;

  beforeAll(async () => {
    upstream = await startUpstream();
    gateway = await startGateway({ env: { MISTRAL_SERVER_URL: upstream.url } });
    const pair = { gateway, upstream };
    await (await askChat(pair, "count to 3")).text();
    await (await askChat(pair, "fault:cut:1")).text();
    const more = { model: "a-model-of-its-own" };
    await errorOf(await askChat(pair, "unknown model", { key: OTHER_KEY, more }));
    await errorOf(await askChat(pair, "wrong key", { key: "ms_wrong" }));
  });
  afterAll(async () => {
    await gateway.stop();
    await upstream.close();
  });

  test("finds nothing to mend in what is exposed", async () => {
    const exposed = await fetch(`${gateway.adminUrl}/metrics`);
    expect(exposed.headers.get("content-type")).toStartWith("text/plain; version=0.0.4");
    const promtool = Bun.spawn(["promtool", "check", "metrics"], {
      stdin: exposed,
      stdout: "pipe",
      stderr: "pipe",
    });
    const told = await new Response(promtool.stderr).text();
    // Node's own names, made by the library for every program, break a rule of naming; ours must not.
    expect(told.split("\n").filter((line) => line.startsWith("mistral_stream"))).toEqual([]);
    expect(told).not.toContain("error while linting");
  });

  test("sees every outcome and refusal that happened, under closed labels", async () => {
    expect(await gateway.metric("streams_total", 'outcome="completed"')).toBe(1);
    expect(await gateway.metric("streams_total", 'outcome="upstream_failed"')).toBe(1);
    expect(await gateway.metric("streams_total", 'model="other"')).toBe(1);
    expect(await gateway.metric("refusals_total", 'code="unauthenticated"')).toBe(1);
    expect(await gateway.metric("tokens_total", 'kind="completion"')).toBeGreaterThanOrEqual(3);
    expect(await gateway.metric("first_event_seconds_count")).toBe(2);
  });
});
