/** Connections that end without a word, while nothing flows that would notice: upstream is told at once. */

import { describe, expect, test } from "bun:test";
import type { RuntimeName } from "../support/gateway.ts";
import { rawRequest } from "../support/raw.ts";
import { bearer, JSON_TYPE, MODEL, stage, until } from "./stage.ts";
import { expectNothingOpen } from "./told.ts";

const CANCEL_MS = 100;

export function reset(runtime: RuntimeName): void {
  describe("a connection that ends while upstream is silent", () => {
    const on = stage(runtime);

    const silences = ["no-headers", "headers-only", "silence:2"];
    const ends = ["destroy", "resetAndDestroy"] as const;
    const cases = silences.flatMap((fault) => ends.map((end) => [fault, end] as const));

    test.each(cases)(
      "%s, %s: upstream is cancelled at once, in each dialect",
      async (fault, end) => {
        for (const dialect of ["/stream", "/v1/chat/completions"]) {
          const prompt = `${dialect} ${end} fault:${fault}`;
          const body =
            dialect === "/stream"
              ? JSON.stringify({ q: prompt })
              : JSON.stringify({
                  model: MODEL,
                  stream: true,
                  messages: [{ role: "user", content: prompt }],
                });
          const headers = {
            ...bearer(),
            ...JSON_TYPE,
            "stream-grace": "0",
            "content-length": String(body.length),
          };
          const client = rawRequest(on().gateway.url, {
            method: "POST",
            path: dialect,
            headers,
            body,
          });
          await until(() => on().upstream.requests.some((asked) => asked.body.includes(prompt)));
          if (fault === "silence:2") await until(() => client.body().includes("data: "));
          const at = performance.now();
          client.socket[end]();
          const left = await until(() =>
            on().upstream.cancelled.find((asked) => asked.body.includes(prompt)),
          );
          expect(left.at - at).toBeLessThan(CANCEL_MS);
        }
        await expectNothingOpen(on());
        expect(on().gateway.stderr()).toBe("");
      },
    );
  });
}
