/** Who may ask: keys, their dates and models, credentials in the wrong place, origins. */

import { describe, expect, test } from "bun:test";
import type { RuntimeName } from "../support/gateway.ts";
import { EXPIRED_KEY, FUTURE_KEY, KEY, OTHER_KEY } from "../support/keys.ts";
import { askChat, askStream, bearer, errorOf, stage } from "./stage.ts";

const PAGE = "https://app.example.com";

export function identity(runtime: RuntimeName): void {
  describe("identity", () => {
    const on = stage(runtime, { env: { CORS_ORIGINS: PAGE } });

    test.each([
      ["no key", {}, 401, "unauthenticated"],
      ["a wrong key", { authorization: "Bearer ms_wrong" }, 401, "unauthenticated"],
      ["an empty key", { authorization: "Bearer " }, 401, "unauthenticated"],
      ["another scheme", { authorization: `Basic ${KEY}` }, 401, "unauthenticated"],
      ["an expired key", bearer(EXPIRED_KEY), 401, "key_expired"],
      ["a key that is not valid yet", bearer(FUTURE_KEY), 401, "unauthenticated"],
    ])("%s is refused before upstream is asked", async (_, headers, status, code) => {
      const before = on().upstream.requests.length;
      const response = await fetch(`${on().gateway.url}/stream?q=hi`, {
        headers: headers as Record<string, string>,
      });
      expect(response.status).toBe(status);
      expect(response.headers.get("www-authenticate")).toStartWith("Bearer");
      expect(response.headers.get("content-type")).toStartWith("application/json");
      const body = await errorOf(response);
      expect(body.code).toBe(code as string);
      expect(body.error.code).toBe(code as string);
      expect(body.request_id).toBe(response.headers.get("x-request-id") as string);
      expect(on().upstream.requests.length).toBe(before);
    });

    test("the scheme's name may be written in any case", async () => {
      const headers = { authorization: `bearer ${KEY}` };
      expect((await fetch(`${on().gateway.url}/v1/usage`, { headers })).status).toBe(200);
    });

    test.each(["access_token", "api_key", "apikey", "token", "authorization"])(
      "a key in the URL as %s is 400, even beside a good header",
      async (name) => {
        const response = await fetch(`${on().gateway.url}/stream?q=hi&${name}=${KEY}`, {
          headers: bearer(),
        });
        expect(response.status).toBe(400);
        const body = await errorOf(response);
        expect(body.code).toBe("credentials_in_url");
        expect(JSON.stringify(body)).not.toContain(KEY);
      },
    );

    test("a model outside the key's patterns is 403 on both dialects", async () => {
      for (const response of [
        await askStream(on(), "hi", { more: { model: "gpt-4" } }),
        await askChat(on(), "hi", { more: { model: "gpt-4" } }),
      ]) {
        expect(response.status).toBe(403);
        expect((await errorOf(response)).code).toBe("model_not_allowed");
      }
    });

    test("models are filtered to what the key may use", async () => {
      const idsFor = async (key: string) => {
        const response = await fetch(`${on().gateway.url}/v1/models`, { headers: bearer(key) });
        const list = (await response.json()) as { data: { id: string }[] };
        return list.data.map(({ id }) => id);
      };
      const [web, other] = [await idsFor(KEY), await idsFor(OTHER_KEY)];
      expect(web.length).toBeGreaterThan(0);
      expect(web.filter((id) => id.startsWith("ministral"))).toEqual([]);
      expect(other.filter((id) => id.startsWith("ministral")).length).toBeGreaterThan(0);
    });

    test("a preflight from a listed origin allows what SDKs in browsers send", async () => {
      const wanted =
        "authorization,content-type,last-event-id,x-stainless-arch,x-stainless-retry-count";
      const response = await fetch(`${on().gateway.url}/v1/chat/completions`, {
        method: "OPTIONS",
        headers: {
          origin: PAGE,
          "access-control-request-method": "POST",
          "access-control-request-headers": wanted,
        },
      });
      expect(response.status).toBe(204);
      expect(response.headers.get("access-control-allow-origin")).toBe(PAGE);
      expect(response.headers.get("access-control-allow-credentials")).toBe("true");
      const allowed = (response.headers.get("access-control-allow-headers") ?? "").split(", ");
      for (const name of wanted.split(",")) expect(allowed).toContain(name);
    });

    test.each(["https://evil.example.com", "null", "toString", "https://app.example.com.evil.com"])(
      "a preflight from %s names no origin",
      async (origin) => {
        const headers = { origin, "access-control-request-method": "GET" };
        const response = await fetch(`${on().gateway.url}/stream`, { method: "OPTIONS", headers });
        expect(response.headers.get("access-control-allow-origin")).toBeNull();
      },
    );

    test("a request from a page of a listed origin is answered, errors included", async () => {
      const good = await askStream(on(), "hi", { headers: { origin: PAGE } });
      expect(good.status).toBe(200);
      expect(good.headers.get("access-control-allow-origin")).toBe(PAGE);
      expect(good.headers.get("access-control-expose-headers")).toContain("stream-id");
      await good.text();
      const bad = await fetch(`${on().gateway.url}/stream?q=hi`, { headers: { origin: PAGE } });
      expect(bad.status).toBe(401);
      expect(bad.headers.get("access-control-allow-origin")).toBe(PAGE);
    });

    test("a request from a page of another origin is 403, and costs nothing", async () => {
      const before = on().upstream.requests.length;
      const response = await askStream(on(), "hi", {
        headers: { origin: "https://evil.example.com" },
      });
      expect(response.status).toBe(403);
      expect((await errorOf(response)).code).toBe("origin_not_allowed");
      expect(on().upstream.requests.length).toBe(before);
    });
  });
}
