/** Requests that no route may take: methods, paths, hosts, bodies and fields. */

import { describe, expect, test } from "bun:test";
import { connect } from "node:net";
import type { RuntimeName } from "../support/gateway.ts";
import { KEY } from "../support/keys.ts";
import { bearer, errorOf, JSON_TYPE, MODEL, stage } from "./stage.ts";

const MAX_BODY = 5000;

export function requests(runtime: RuntimeName): void {
  describe("requests", () => {
    const on = stage(runtime, { env: { MAX_BODY_BYTES: String(MAX_BODY) } });
    const post = (path: string, body: BodyInit, headers: Record<string, string> = JSON_TYPE) =>
      fetch(on().gateway.url + path, {
        method: "POST",
        headers: { ...bearer(), ...headers },
        body,
      });

    test.each(["/stream?q=hi", "/v1/models", "/v1/usage"])(
      "HEAD %s is 405 and asks nobody",
      async (path) => {
        const before = on().upstream.requests.length;
        const response = await fetch(on().gateway.url + path, {
          method: "HEAD",
          headers: bearer(),
        });
        expect(response.status).toBe(405);
        expect(response.headers.get("allow")).toContain("GET");
        expect(on().upstream.requests.length).toBe(before);
      },
    );

    test("an unknown path is 404, another method 405 with allow", async () => {
      const missing = await fetch(`${on().gateway.url}/v2/x`, { headers: bearer() });
      expect([missing.status, (await errorOf(missing)).code]).toEqual([404, "not_found"]);
      const put = await fetch(`${on().gateway.url}/stream`, { method: "PUT", headers: bearer() });
      expect([put.status, (await errorOf(put)).code]).toEqual([405, "method_not_allowed"]);
      expect(put.headers.get("allow")).toBe("GET, POST, OPTIONS");
    });

    test("a Host of one letter does not reach another route", async () => {
      const { port } = new URL(on().gateway.url);
      const status = await new Promise<string>((resolve) => {
        const socket = connect(Number(port), "127.0.0.1");
        socket.once("data", (data) => {
          resolve(data.toString().split("\r\n")[0] as string);
          socket.destroy();
        });
        socket.write(
          `GET /xx/stream?q=hi HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${KEY}\r\n\r\n`,
        );
      });
      expect(status).toContain("404");
    });

    test.each([
      [
        "a wrong content type",
        "{}",
        { "content-type": "text/plain" },
        415,
        "unsupported_media_type",
      ],
      ["broken JSON", "{", JSON_TYPE, 400, "invalid_request"],
      ["JSON that is no object", "[]", JSON_TYPE, 400, "invalid_request"],
      ["a body that is too large", "x".repeat(MAX_BODY + 1), JSON_TYPE, 413, "body_too_large"],
      ["a body that is no UTF-8", new Uint8Array([0x7b, 0xff]), JSON_TYPE, 400, "invalid_request"],
    ])("%s is refused on every route with a body", async (_, body, headers, status, code) => {
      for (const path of [
        "/stream",
        "/v1/chat/completions",
        "/v1/embeddings",
        "/v1/fim/completions",
      ]) {
        const response = await post(path, body as BodyInit, headers as Record<string, string>);
        expect([path, response.status, (await errorOf(response)).code]).toEqual([
          path,
          status as number,
          code as string,
        ]);
      }
    });

    test("a chunked body without a length is counted too", async () => {
      const body = new ReadableStream({
        pull(controller) {
          controller.enqueue(new TextEncoder().encode("x".repeat(1000)));
        },
      });
      const response = await post("/stream", body);
      expect([response.status, (await errorOf(response)).code]).toEqual([413, "body_too_large"]);
    });

    test("a body exactly at the limit passes", async () => {
      const shell = JSON.stringify({ model: MODEL, messages: [{ role: "user", content: "" }] });
      const content = "x".repeat(MAX_BODY - shell.length);
      const body = JSON.stringify({ model: MODEL, messages: [{ role: "user", content }] });
      expect(body.length).toBe(MAX_BODY);
      expect((await post("/v1/chat/completions", body)).status).toBe(200);
    });

    test.each([
      ["/stream", {}, "q"],
      ["/stream", { q: "" }, "q"],
      ["/stream", { q: 5 }, "q"],
      ["/stream", { q: "hi", temperature: 2 }, "temperature"],
      ["/stream", { q: "hi", max_tokens: 0 }, "max_tokens"],
      ["/stream", { q: "hi", max_tokens: 1.5 }, "max_tokens"],
      ["/stream", { q: "hi", nonsense: 1 }, "nonsense"],
      ["/v1/chat/completions", { messages: [] }, "model"],
      ["/v1/chat/completions", { model: MODEL, stream: "yes" }, "stream"],
      ["/v1/chat/completions", { model: MODEL, n: -1 }, "n"],
      ["/v1/chat/completions", { model: MODEL, max_tokens: "many" }, "max_tokens"],
      ["/v1/embeddings", { input: "x" }, "model"],
    ])("%s with %j is 400 and names the field", async (path, body, param) => {
      const response = await post(path, JSON.stringify(body));
      const error = await errorOf(response);
      expect([response.status, error.code, error.param]).toEqual([400, "invalid_request", param]);
    });

    test.each(["q=", "q=a&q=b", "q=a&temperature=x", "q=a&max_tokens=-1", ""])(
      "GET /stream?%s is 400",
      async (query) => {
        const response = await fetch(`${on().gateway.url}/stream?${query}`, { headers: bearer() });
        expect([response.status, (await errorOf(response)).code]).toEqual([400, "invalid_request"]);
      },
    );

    test.each(["-1", "61", "soon", "1e1", ""])("stream-grace: %s is 400", async (grace) => {
      const headers = { ...bearer(), "stream-grace": grace };
      const response = await fetch(`${on().gateway.url}/stream?q=hi`, { headers });
      // An empty header is dropped by some runtimes on its way; it is no wish then.
      expect(grace === "" ? [200, 400] : [400]).toContain(response.status);
      await response.body?.cancel();
    });

    test("a request id of the client's is kept where it is fit, else replaced", async () => {
      for (const [given, kept] of [
        ["my-request_1", true],
        ["short", false],
        ["x".repeat(65), false],
        ["has space", false],
      ] as const) {
        const response = await fetch(`${on().gateway.url}/v1/usage`, {
          headers: { ...bearer(), "x-request-id": given },
        });
        expect(response.headers.get("x-request-id") === given).toBe(kept);
        expect(response.headers.get("x-request-id")).toMatch(/^[0-9A-Za-z_-]{8,64}$/);
      }
    });
  });
}
