/** Limits over HTTP: each refusal names its limit and when to come back. */

import { describe, expect, test } from "bun:test";
import type { RuntimeName } from "../support/gateway.ts";
import { OTHER_KEY } from "../support/keys.ts";
import { askChat, askStream, bearer, errorOf, readUntil, stage, until } from "./stage.ts";

export function limits(runtime: RuntimeName): void {
  describe("the rate of a key", () => {
    const on = stage(runtime, { plan: { requestsPerMinute: 6, burst: 3 } });

    test("lets its burst pass, tells what is left, and then when to come back", async () => {
      const left: (string | null)[] = [];
      for (let i = 0; i < 3; i++) {
        const response = await askStream(on(), "hi");
        left.push(response.headers.get("ratelimit"));
        expect(response.headers.get("ratelimit-policy")).toStartWith(
          '"requests";q=6;w=60, "tokens";q=',
        );
        await response.text();
      }
      expect(left.map((one) => /"requests";r=(\d+)/.exec(one ?? "")?.[1])).toEqual(["2", "1", "0"]);
      const refused = await askStream(on(), "hi");
      const error = await errorOf(refused);
      expect([refused.status, error.code]).toEqual([429, "rate_limited"]);
      expect(Number(refused.headers.get("retry-after"))).toBeWithin(1, 11);
      expect(refused.headers.get("ratelimit")).toStartWith('"requests";r=0;t=');
      expect(error.message).toContain("6 requests a minute");
    });

    test("is its own: another key passes, and a resume costs nothing", async () => {
      const response = await askStream(on(), "count to 3", { key: OTHER_KEY });
      const id = response.headers.get("stream-id");
      await response.text();
      for (let i = 0; i < 20; i++) {
        const again = await fetch(`${on().gateway.url}/v1/streams/${id}`, {
          headers: bearer(OTHER_KEY),
        });
        expect(again.status).toBe(200);
        await again.text();
      }
    });
  });

  describe("the rate of an address", () => {
    const on = stage(runtime, {
      ip: { requestsPerMinute: 1, burst: 4 },
      env: { TRUSTED_PROXIES: "127.0.0.0/8,::1" },
    });
    const from = (address: string) =>
      fetch(`${on().gateway.url}/v1/usage`, {
        headers: { ...bearer(), "x-forwarded-for": address },
      });

    test("counts every request from it, by what a trusted proxy says", async () => {
      for (let i = 0; i < 4; i++) expect((await from("203.0.113.1")).status).toBe(200);
      const refused = await from("203.0.113.1");
      expect([refused.status, (await errorOf(refused)).code]).toEqual([429, "rate_limited"]);
      expect(refused.headers.get("ratelimit-policy")).toBe('"address";q=1;w=60');
      expect((await from("203.0.113.2")).status).toBe(200);
    });

    test("takes the rightmost address that no trusted proxy wrote", async () => {
      for (let i = 0; i < 4; i++)
        expect((await from(`198.51.100.${i}, 203.0.113.9, 127.0.0.5`)).status).toBe(200);
      expect((await from("198.51.100.99, 203.0.113.9")).status).toBe(429);
    });

    test("counts an IPv6 network of 64 bits as one", async () => {
      for (let i = 0; i < 4; i++) expect((await from(`2001:db8:1:2::${i + 1}`)).status).toBe(200);
      expect((await from("2001:db8:1:2:ffff::9")).status).toBe(429);
      expect((await from("2001:db8:1:3::1")).status).toBe(200);
    });
  });

  describe("an untrusted peer", () => {
    const on = stage(runtime, { ip: { requestsPerMinute: 1, burst: 2 } });

    test("cannot say where it comes from", async () => {
      const statuses: number[] = [];
      for (let i = 0; i < 3; i++) {
        const headers = { ...bearer(), "x-forwarded-for": `203.0.113.${i}` };
        statuses.push((await fetch(`${on().gateway.url}/v1/usage`, { headers })).status);
      }
      expect(statuses).toEqual([200, 200, 429]);
    });
  });

  describe("failed authentications", () => {
    const on = stage(runtime, { ip: { failedAuthPerMinute: 3 } });

    test("are listened to so often, and then not even a good key is", async () => {
      const ask = (key: string) => fetch(`${on().gateway.url}/v1/usage`, { headers: bearer(key) });
      for (let i = 0; i < 3; i++) expect((await ask("ms_wrong")).status).toBe(401);
      const refused = await ask("ms_wrong");
      expect([refused.status, (await errorOf(refused)).code]).toEqual([429, "rate_limited"]);
      expect(Number(refused.headers.get("retry-after"))).toBeWithin(1, 21);
      const good = await fetch(`${on().gateway.url}/v1/usage`, { headers: bearer() });
      expect(good.status).toBe(429);
    });
  });

  describe("concurrent streams", () => {
    const on = stage(runtime, {
      paceMs: 20,
      plan: { concurrentStreams: 2 },
      env: { MAX_STREAMS: "3" },
    });
    const begin = async (prompt: string, options = {}) => {
      const response = await askStream(on(), prompt, options);
      expect(response.status).toBe(200);
      return response;
    };

    test("are bounded for a key and for the process, and come back", async () => {
      const mine = [await begin("count to 300 a"), await begin("count to 300 b")];
      const third = await askChat(on(), "hi");
      expect([third.status, (await errorOf(third)).code]).toEqual([429, "too_many_streams"]);
      expect(third.headers.get("retry-after")).not.toBeNull();
      const theirs = await begin("count to 300 c", { key: OTHER_KEY });
      const fourth = await askStream(on(), "hi", { key: OTHER_KEY });
      expect([fourth.status, (await errorOf(fourth)).code]).toEqual([503, "overloaded"]);
      for (const response of [...mine, theirs]) {
        const url = `${on().gateway.url}/v1/streams/${response.headers.get("stream-id")}`;
        const key = response === theirs ? OTHER_KEY : undefined;
        expect((await fetch(url, { method: "DELETE", headers: bearer(key) })).status).toBe(204);
      }
      await (await begin("count to 2 again")).text();
    });

    test("the oldest without a reader gives way to a new one", async () => {
      const reloads: (string | null)[] = [];
      for (let i = 0; i < 4; i++) {
        const response = await begin(`count to 200 reload ${i}`, {
          headers: { "stream-grace": "30" },
        });
        reloads.push(response.headers.get("stream-id"));
        await readUntil(response, (text) => text.includes("data: "));
        await until(async () => (await on().gateway.metric("open_readers")) === 0);
      }
      expect(
        await on().gateway.metric("streams_total", 'outcome="client_gone"'),
      ).toBeGreaterThanOrEqual(2);
      const last = await fetch(`${on().gateway.url}/v1/streams/${reloads.at(-1)}`, {
        headers: bearer(),
      });
      expect(last.status).toBe(200);
      await last.body?.cancel();
    });
  });

  describe("tokens of the day", () => {
    const on = stage(runtime, { plan: { tokensPerDay: 100, maxOutputTokens: 60 } });

    test("lower max_tokens to the plan, to what is left, and divide it by n", async () => {
      const adapted = async (prompt: string, more: object) => {
        const response = await askChat(on(), prompt, { more: { stream: false, ...more } });
        await response.text();
        const body =
          on().upstream.requests.find((request) => request.body.includes(prompt))?.body ?? "{}";
        return [
          response.status,
          JSON.parse(body).max_tokens,
          response.headers.get("x-adapted-params"),
        ];
      };
      expect(await adapted("count to 5 a", { max_tokens: 5 })).toEqual([200, 5, null]);
      expect(await adapted("count to 5 b", {})).toEqual([200, 60, "max_tokens=60"]);
      expect(await adapted("count to 5 c", { n: 3, max_tokens: 50 })).toEqual([
        200,
        20,
        "max_tokens=20",
      ]);
      // 3 x (4 + 5) + 2 x 5 tokens are used by now; what the prompt may take is kept back.
      const [status, lowered, told] = await adapted("count to 40 d", { max_tokens: 60 });
      expect(status).toBe(200);
      expect(lowered).toBeLessThan(60);
      expect(told).toBe(`max_tokens=${lowered}`);
      await adapted("count to 90 e", {});
      const refused = await askChat(on(), "f ".repeat(30));
      expect([refused.status, (await errorOf(refused)).code]).toEqual([429, "quota_exhausted"]);
      expect(refused.headers.get("x-should-retry")).toBe("false");
      expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
      expect(refused.headers.get("ratelimit")).toStartWith('"tokens";r=0;t=');
    });
  });
}
