/** What stands between the gateway and upstream: attempts, keys, servers, waits. */

import { describe, expect, test } from "bun:test";
import type { RuntimeName } from "../support/gateway.ts";
import { startGateway } from "../support/gateway.ts";
import { startUpstream } from "../support/upstream.ts";
import { askChat, bearer, errorOf, stage, until } from "./stage.ts";

export function transport(runtime: RuntimeName): void {
  describe("transport", () => {
    const on = stage(runtime, { env: { HEARTBEAT_MS: "3000", MISTRAL_API_KEY: "key-a,key-b" } });
    const asked = (prompt: string) =>
      on().upstream.requests.filter(({ body }) => body.includes(prompt));

    test.each([
      ["a 500, then an answer", "fault:status:500,ok one", 200, 2],
      ["a 503, then an answer", "fault:status:503:0,ok two", 200, 2],
      ["a dropped connection, then an answer", "fault:refuse,ok three", 200, 2],
      ["a 429 on one key, then an answer on the next", "fault:status:429:60,ok four", 200, 2],
      ["a 401 on one key, then an answer on the next", "fault:status:401,ok five", 200, 2],
      ["two failures", "fault:status:500 six", 502, 2],
      ["a refusal of the request", "fault:status:422 seven", 422, 1],
      ["a cut after the first event", "fault:cut:2 eight", 200, 1],
    ])("%s", async (_, prompt, status, attempts) => {
      const response = await askChat(on(), prompt);
      expect(response.status).toBe(status);
      await response.text();
      expect(asked(prompt).length).toBe(attempts);
    });

    test("a key that was refused is asked last, not never", async () => {
      const upstream = await startUpstream();
      const env = { MISTRAL_SERVER_URL: upstream.url, MISTRAL_API_KEY: "key-a,key-b" };
      const gateway = await startGateway({ runtime, env });
      const own = { gateway, upstream };
      const asked = (prompt: string) =>
        upstream.requests.filter(({ body }) => body.includes(prompt));
      await (await askChat(own, "fault:status:401,ok refused key")).text();
      const [refused, answered] = asked("refused key").map(({ authorization }) => authorization);
      expect(refused).not.toBe(answered as string);
      for (let i = 0; i < 4; i++) await (await askChat(own, `after the refusal ${i}`)).text();
      const keys = asked("after the refusal").map(({ authorization }) => authorization);
      expect(new Set(keys)).toEqual(new Set([answered]));
      await gateway.stop();
      await upstream.close();
    });

    test("a retry-after that does not fit the commit window is passed on, not waited", async () => {
      const startedMs = performance.now();
      const response = await askChat(on(), "fault:capacity429:20 wait");
      expect(performance.now() - startedMs).toBeLessThan(2000);
      expect([response.status, (await errorOf(response)).code]).toEqual([
        429,
        "upstream_rate_limited",
      ]);
    });

    test("a client that leaves ends a wait between attempts at once", async () => {
      const controller = new AbortController();
      const prompt = "fault:status:500 left in the wait";
      const response = askChat(on(), prompt, { signal: controller.signal }).catch(() => undefined);
      await until(() => asked(prompt).length === 1);
      controller.abort();
      await response;
      await until(async () => (await on().gateway.metric("open_streams")) === 0, 1000);
      expect(asked(prompt).length).toBe(1);
    });

    test("upstream is asked for plain bytes, with its own key and nothing of the client's", async () => {
      const headers = { cookie: "a=b", "x-forwarded-for": "1.2.3.4", "x-stainless-lang": "js" };
      await (await askChat(on(), "which headers", { headers })).text();
      const seen = asked("which headers")[0]?.headers ?? {};
      expect(seen["accept-encoding"]).toBe("identity");
      expect(seen["authorization"]).toMatch(/^Bearer key-[ab]$/);
      for (const name of Object.keys(headers)) expect(seen[name]).toBeUndefined();
    });

    test("nothing of upstream's edge reaches a client", async () => {
      const response = await askChat(on(), "edge headers");
      await response.text();
      for (const name of [
        "set-cookie",
        "server",
        "alt-svc",
        "cf-cache-status",
        "x-ratelimit-limit-req-minute",
      ]) {
        expect([name, response.headers.get(name)]).toEqual([name, null]);
      }
      expect(response.headers.get("access-control-allow-origin")).toBeNull();
    });

    test("upstream's name for an exchange is in the log, for answers and refusals alike", async () => {
      const response = await askChat(on(), "correlation");
      await response.text();
      const id = response.headers.get("x-request-id");
      const line = await until(() =>
        on().gateway.lines.find((one) => one["requestId"] === id && one.msg === "stream"),
      );
      expect(line["correlationId"]).toBeString();
    });

    test("attempts are counted by status", async () => {
      expect(await on().gateway.metric("upstream_attempts_total", 'status="200"')).toBeGreaterThan(
        0,
      );
      expect(await on().gateway.metric("upstream_attempts_total", 'status="500"')).toBeGreaterThan(
        0,
      );
    });
  });

  describe("two servers", () => {
    test("the second answers when the first is away, without delay once its breaker is open", async () => {
      const [first, second] = [await startUpstream(), await startUpstream()];
      const away = first.url;
      await first.close();
      const env = { MISTRAL_SERVER_URL: `${away},${second.url}` };
      const gateway = await startGateway({ runtime, env });
      const pair = { gateway, upstream: second };
      for (let i = 0; i < 8; i++) {
        const response = await askChat(pair, `server ${i}`);
        expect(response.status).toBe(200);
        await response.text();
      }
      expect(await gateway.metric("upstream_attempts_total", 'status="connection"')).toBe(5);
      expect(await gateway.metric("breakers_open")).toBe(1);
      await gateway.stop();
      await second.close();
    });

    test("the last server is asked however often it fails", async () => {
      const upstream = await startUpstream();
      const gateway = await startGateway({ runtime, env: { MISTRAL_SERVER_URL: upstream.url } });
      const pair = { gateway, upstream };
      for (let i = 0; i < 4; i++)
        await (await askChat(pair, `fault:status:500 number ${i}`)).text();
      const response = await askChat(pair, "at last");
      expect(response.status).toBe(200);
      await response.text();
      await gateway.stop();
      await upstream.close();
    });
  });

  describe("UPSTREAM=openai", () => {
    const on = stage(runtime, { env: { UPSTREAM: "openai" } });

    test("no parameter is adapted but the limit, in the client's own name for it", async () => {
      const more = {
        seed: 1,
        user: "me",
        stream_options: { include_usage: true },
        max_completion_tokens: 99999,
      };
      const response = await askChat(on(), "openai wire", { more });
      expect(response.headers.get("x-adapted-params")).toBe("max_tokens=4096");
      await response.text();
      const seen = JSON.parse(
        on().upstream.requests.find(({ body }) => body.includes("openai wire"))?.body ?? "{}",
      );
      expect(seen).toMatchObject({ ...more, max_completion_tokens: 4096 });
      expect(seen.max_tokens).toBeUndefined();
    });

    test("it needs no key", async () => {
      const upstream = await startUpstream();
      const env = { UPSTREAM: "openai", MISTRAL_API_KEY: "", MISTRAL_SERVER_URL: upstream.url };
      const gateway = await startGateway({ runtime, env });
      await fetch(`${gateway.url}/v1/models`, { headers: bearer() });
      expect(upstream.requests[0]?.authorization).toBeUndefined();
      await gateway.stop();
      await upstream.close();
    });
  });
}
