/** Bodies as a bare socket can send them: chunked, without a length, too long for the runtime, never whole. */

import { describe, expect, test } from "bun:test";
import type { RuntimeName } from "../support/gateway.ts";
import { rawRequest, toChunked } from "../support/raw.ts";
import { bearer, JSON_TYPE, MODEL, stage, until } from "./stage.ts";
import { expectNothingOpen } from "./told.ts";

const MAX_BODY = 50_000;
const ORIGIN = "https://app.example.com";

export function body(runtime: RuntimeName): void {
  describe("a body", () => {
    const on = stage(runtime, { env: { MAX_BODY_BYTES: String(MAX_BODY), CORS_ORIGINS: ORIGIN } });
    const send = (headers: Record<string, string>, sent: string) =>
      rawRequest(on().gateway.url, {
        method: "POST",
        path: "/v1/chat/completions",
        headers: { ...bearer(), ...JSON_TYPE, origin: ORIGIN, ...headers },
        body: sent,
      });
    const chatOf = (bytes: number) => {
      const write = (content: string) =>
        JSON.stringify({ model: MODEL, messages: [{ role: "user", content }] });
      return write("x".repeat(bytes - write("").length));
    };

    test("chunked and without a length passes at the limit, and not one byte beyond", async () => {
      const chunked = { "transfer-encoding": "chunked" };
      const good = send(chunked, toChunked(chatOf(MAX_BODY)));
      await until(() => good.body().includes('"chat.completion"'));
      expect(good.status()).toBe(200);
      const bad = send(chunked, toChunked(chatOf(MAX_BODY + 1)));
      await until(() => bad.body().endsWith("}"));
      expect([bad.status(), JSON.parse(bad.body()).code]).toEqual([413, "body_too_large"]);
      for (const { socket } of [good, bad]) socket.destroy();
    });

    test.each([MAX_BODY + 1, 200_000_000, 5_000_000_000])(
      "that announces %d bytes is refused in our own words before it is sent",
      async (bytes) => {
        const client = send({ "content-length": String(bytes) }, "{");
        await until(() => client.body().endsWith("}"));
        expect([client.status(), JSON.parse(client.body()).code]).toEqual([413, "body_too_large"]);
        expect(client.text()).toMatch(
          new RegExp(`^access-control-allow-origin: ${ORIGIN}\\r$`, "im"),
        );
        client.socket.destroy();
      },
    );

    test("that breaks off asks nobody and leaves nothing open", async () => {
      const before = on().upstream.requests.length;
      const client = send({ "content-length": "1000" }, '{"model"');
      await Bun.sleep(50);
      client.socket.destroy();
      await Bun.sleep(100);
      await expectNothingOpen(on());
      expect(on().upstream.requests.length).toBe(before);
      expect(on().gateway.stderr()).toBe("");
    });
  });
}
