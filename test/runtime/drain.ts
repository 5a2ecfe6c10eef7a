/** SIGTERM: nothing new is taken, what is open finishes or is told, and the listener closes last. */

import { describe, expect, test } from "bun:test";
import type { RuntimeName } from "../support/gateway.ts";
import { parseEvents } from "../support/sse.ts";
import { contentOf } from "./content.ts";
import { ownStage } from "./own-stage.ts";
import { askChat, askStream, bearer, errorOf, readUntil, until } from "./stage.ts";

const countTo = (count: number) => Array.from({ length: count }, (_, i) => i + 1).join(" ");

export function drain(runtime: RuntimeName): void {
  describe("drain", () => {
    test("refuses what is new, resumes what is here, finishes what is open, and exits with 0", async () => {
      await using pair = await ownStage({ runtime });
      const { gateway } = pair;
      const finished = await askStream(pair, "count to 5");
      await finished.text();
      const id = finished.headers.get("stream-id");
      const open = await askStream(pair, "count to 60 fault:slow:40");
      const openChat = await askChat(pair, "count to 61 fault:slow:40");
      const whole = askChat(pair, "fault:delay:1500", { more: { stream: false } });
      const asked = ({ body }: { body: string }) => body.includes("delay:1500");
      await until(() => pair.upstream.requests.some(asked));

      const exited = gateway.terminate();
      const readyz = async () => (await fetch(`${gateway.adminUrl}/readyz`)).status;
      await until(async () => (await readyz()) === 503);
      expect((await fetch(`${gateway.adminUrl}/livez`)).status).toBe(200);
      for (const ask of [askStream, askChat]) {
        const refused = await ask(pair, "new");
        expect([refused.status, (await errorOf(refused)).code]).toEqual([503, "draining"]);
        expect(refused.headers.get("retry-after")).toBe("1");
      }
      const again = await askStream(pair, "", { headers: { "last-event-id": `${id}.3` } });
      expect([again.status, contentOf(await again.text())]).toEqual([200, " 3 4 5"]);
      const live = await fetch(`${gateway.url}/v1/streams/${open.headers.get("stream-id")}`, {
        headers: bearer(),
      });
      const elsewhere = await askStream(pair, "", { headers: { "last-event-id": "elsewhere.7" } });
      expect(elsewhere.status).toBe(200);
      expect(elsewhere.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
      expect(await elsewhere.text()).toBe("retry: 1000\n\n");

      expect(contentOf(await open.text())).toBe(countTo(60));
      expect(contentOf(await live.text())).toBe(countTo(60));
      expect(contentOf(await openChat.text())).toBe(countTo(61));
      expect((await whole).status).toBe(200);
      expect(await exited).toBe(0);
      expect(gateway.lines.at(-1)?.msg).toBe("ended");
      expect(gateway.stderr()).toBe("");
      await expect(fetch(`${gateway.url}/v1/usage`)).rejects.toThrow();
    });

    test("at DRAIN_MS open streams are told, in each dialect and before the commit", async () => {
      await using pair = await ownStage({ runtime, env: { DRAIN_MS: "700" } });
      const { gateway } = pair;
      const open = await askStream(pair, "fault:silence:3");
      const openChat = await askChat(pair, "fault:silence:3");
      const asks = [askStream, askChat].map((ask) => ask(pair, `${ask.name} fault:headers-only`));
      await until(() => pair.upstream.requests.length === 4);
      const startedMs = performance.now();
      const exited = gateway.terminate();

      const fault = parseEvents(await open.text()).at(-1);
      expect(performance.now() - startedMs).toBeGreaterThan(600);
      expect([fault?.event, fault?.id]).toEqual(["fault", `${open.headers.get("stream-id")}.4`]);
      expect(JSON.parse(fault?.data ?? "")).toMatchObject({ code: "draining", retryable: true });
      const chunk = JSON.parse(parseEvents(await openChat.text()).at(-1)?.data ?? "");
      expect(chunk.choices[0].finish_reason).toBe("error");
      expect(chunk.error.code).toBe("draining");
      for (const response of await Promise.all(asks)) {
        expect([response.status, (await errorOf(response)).code]).toEqual([503, "draining"]);
        expect(response.headers.get("retry-after")).not.toBeNull();
      }
      expect(await exited).toBe(0);
      expect(performance.now() - startedMs).toBeLessThan(4000);
      const outcomes = gateway.lines.filter(({ msg }) => msg === "stream").map((l) => l["outcome"]);
      expect(outcomes).toEqual(Array(4).fill("drained"));
      expect(gateway.stderr()).toBe("");
      await until(() => pair.upstream.open() === 0);
    });

    test("a second signal does not wait for the streams", async () => {
      await using pair = await ownStage({ runtime });
      const open = await askStream(pair, "fault:silence:2");
      const exited = pair.gateway.terminate();
      await until(() => pair.gateway.lines.some(({ msg }) => msg === "draining"));
      const startedMs = performance.now();
      process.kill(pair.gateway.pid, "SIGTERM");
      expect(parseEvents(await open.text()).at(-1)?.data).toContain('"draining"');
      expect(await exited).toBe(0);
      expect(performance.now() - startedMs).toBeLessThan(3500);
    });

    test("an idle server, with a client that keeps its connection, is gone in two seconds", async () => {
      await using pair = await ownStage({ runtime });
      await (await fetch(`${pair.gateway.url}/v1/usage`, { headers: bearer() })).text();
      const startedMs = performance.now();
      expect(await pair.gateway.terminate()).toBe(0);
      expect(performance.now() - startedMs).toBeLessThan(2500);
    });

    test("a stream that nobody reads does not outlive its grace, and holds the drain no longer", async () => {
      await using pair = await ownStage({ runtime });
      const headers = { "stream-grace": "1" };
      const left = await askStream(pair, "fault:silence:2", { headers });
      await readUntil(left, (text) => text.includes(".2\n"));
      const startedMs = performance.now();
      expect(await pair.gateway.terminate()).toBe(0);
      const tookMs = performance.now() - startedMs;
      expect(tookMs).toBeGreaterThan(900);
      expect(tookMs).toBeLessThan(3500);
      expect(pair.gateway.lines.some((line) => line["outcome"] === "client_gone")).toBe(true);
    });
  });
}
