/** When a response begins, and what keeps it alive until something comes. */

import { describe, expect, test } from "bun:test";
import type { RuntimeName } from "../support/gateway.ts";
import { parseEvents } from "../support/sse.ts";
import { askChat, askStream, errorOf, readUntil, stage } from "./stage.ts";

const HEARTBEAT_MS = 200;

export function commit(runtime: RuntimeName): void {
  describe("commit and heartbeats", () => {
    const on = stage(runtime, {
      env: { HEARTBEAT_MS: String(HEARTBEAT_MS), FIRST_EVENT_TIMEOUT_MS: "700" },
    });

    test("a silent upstream is bridged from the request on, in each dialect's own form", async () => {
      // The first prompt of a process loads the SDK, which is not what is measured here.
      await (await askStream(on(), "count to 1")).text();
      const startedMs = performance.now();
      const streamed = await askStream(on(), "fault:delay:550");
      const heardMs = performance.now() - startedMs;
      expect(heardMs).toBeGreaterThan(HEARTBEAT_MS * 0.85);
      expect(heardMs).toBeLessThan(HEARTBEAT_MS + 150);
      const id = streamed.headers.get("stream-id");
      const text = await streamed.text();
      // Jitter may bring a third one forward, into the 550 ms.
      expect(text).toMatch(
        new RegExp(`^retry: 2000\nid: ${id}\\.0\n\n(: ping\n\n){2,3}id: ${id}\\.1\n`),
      );
      const chat = await (await askChat(on(), "fault:delay:550")).text();
      expect(chat).toMatch(/^(: ping\n){2,3}data: \{/);
    });

    test("a fault before the first heartbeat keeps its status, one behind it is told in the stream", async () => {
      expect((await askStream(on(), "fault:status:500")).status).toBe(502);
      const late = await askStream(on(), "fault:headers-only");
      expect(late.status).toBe(200);
      const last = parseEvents(await late.text()).at(-1);
      expect([last?.event, JSON.parse(last?.data ?? "").code]).toEqual([
        "fault",
        "upstream_timeout",
      ]);
      const chat = await (await askChat(on(), "fault:headers-only")).text();
      expect(chat).toStartWith(": ping\n");
      expect(JSON.parse(parseEvents(chat).at(-1)?.data ?? "").error.code).toBe("upstream_timeout");
    });

    test("a heartbeat never lands inside an event that comes byte by byte", async () => {
      const text = await (await askStream(on(), "fault:slow:120 count to 6")).text();
      for (const { data, event } of parseEvents(text)) {
        if (event === undefined) expect(() => JSON.parse(data)).not.toThrow();
      }
      expect(text.replaceAll(": ping\n\n", "")).not.toContain(": ping");
    });

    test("silence in mid-stream is bridged within HEARTBEAT_MS, never later", async () => {
      const response = await askChat(on(), "fault:silence:2", { headers: { "stream-grace": "0" } });
      const times: number[] = [];
      await readUntil(response, (text) => {
        times.push(performance.now());
        return (text.match(/: ping\n/g) ?? []).length >= 3;
      });
      const gaps = times.slice(2).map((time, i) => time - (times[i + 1] as number));
      expect(Math.max(...gaps)).toBeLessThan(HEARTBEAT_MS + 100);
    });

    test("a call without streaming waits as long as it takes, and keeps its status", async () => {
      const slow = await askChat(on(), "fault:delay:1000", { more: { stream: false } });
      expect([slow.status, slow.headers.get("content-type")]).toEqual([200, "application/json"]);
      const answer = (await slow.json()) as { object: string };
      expect(answer.object).toBe("chat.completion");
      const failed = await askChat(on(), "fault:status:500", { more: { stream: false } });
      expect([failed.status, (await errorOf(failed)).code]).toEqual([502, "upstream_failed"]);
    });
  });

  describe("a total deadline", () => {
    const on = stage(runtime, { paceMs: 20, env: { TOTAL_TIMEOUT_MS: "500" } });

    test("ends an answer that is under way, and a call without streaming", async () => {
      const last = parseEvents(await (await askStream(on(), "count to 500")).text()).at(-1);
      expect(JSON.parse(last?.data ?? "")).toMatchObject({
        code: "upstream_timeout",
        retryable: true,
      });
      const whole = await askChat(on(), "fault:delay:3000", { more: { stream: false } });
      expect([whole.status, (await errorOf(whole)).code]).toEqual([504, "upstream_timeout"]);
    });
  });
}
