/** What each route passes on, adapts and leaves untouched. */

import { describe, expect, test } from "bun:test";
import type { RuntimeName } from "../support/gateway.ts";
import { contentOf } from "./content.ts";
import { askChat, askStream, bearer, JSON_TYPE, MODEL, stage } from "./stage.ts";

export function routes(runtime: RuntimeName): void {
  describe("routes", () => {
    const on = stage(runtime);
    const sent = (marker: string) =>
      JSON.parse(on().upstream.requests.find(({ body }) => body.includes(marker))?.body ?? "{}");
    const post = (path: string, body: object) =>
      fetch(on().gateway.url + path, {
        method: "POST",
        headers: { ...bearer(), ...JSON_TYPE },
        body: JSON.stringify(body),
      });

    test("GET and POST /stream ask the same, through the SDK, as Mistral's wire has it", async () => {
      const more = { model: MODEL, system: "be brief", temperature: "0.5", max_tokens: "7" };
      await (await askStream(on(), "by get", { more })).text();
      await (
        await post("/stream", { ...more, temperature: 0.5, max_tokens: 7, q: "by post" })
      ).text();
      for (const marker of ["by get", "by post"]) {
        expect(sent(marker)).toEqual({
          model: MODEL,
          temperature: 0.5,
          max_tokens: 7,
          stream: true,
          messages: [
            { role: "system", content: "be brief" },
            { role: "user", content: marker },
          ],
        });
      }
    });

    test("OpenAI's parameters are adapted, and the header says how", async () => {
      const response = await askChat(on(), "adapted", {
        more: {
          max_completion_tokens: 50,
          seed: 3,
          user: "me",
          store: true,
          logprobs: true,
          stream_options: { include_usage: true },
          messages: [
            { role: "developer", content: "be kind" },
            { role: "user", content: "adapted" },
          ],
        },
      });
      expect(response.status).toBe(200);
      await response.text();
      const changes = (response.headers.get("x-adapted-params") ?? "").split(", ");
      expect(changes.toSorted()).toEqual(
        [
          "max_completion_tokens->max_tokens",
          "seed->random_seed",
          "-user",
          "-store",
          "-logprobs",
          "-stream_options",
          "messages.role:developer->system",
        ].toSorted(),
      );
      const body = sent("adapted");
      expect(body).toMatchObject({ max_tokens: 50, random_seed: 3, stream: true });
      expect(body.messages[0].role).toBe("system");
    });

    test("a request that needs no change is passed on byte for byte", async () => {
      const body = `{ "model":"${MODEL}",  "max_tokens":5, "messages":[{"role":"user","content":"verbatim é"}] }`;
      const response = await fetch(`${on().gateway.url}/v1/chat/completions`, {
        method: "POST",
        headers: { ...bearer(), ...JSON_TYPE },
        body,
      });
      expect(response.headers.get("x-adapted-params")).toBeNull();
      await response.text();
      expect(on().upstream.requests.some((request) => request.body === body)).toBe(true);
    });

    test("a field that nobody knows is passed on, and upstream's 422 comes back with its words", async () => {
      const response = await askChat(on(), "unknown field", { more: { no_such_field: 1 } });
      const error = (await response.json()) as { code: string; message: string };
      expect([response.status, error.code]).toEqual([422, "upstream_rejected"]);
      expect(error.message).toContain("no_such_field");
    });

    test("on /v1 upstream's bytes are untouched, streaming or not", async () => {
      const body = {
        model: MODEL,
        max_tokens: 9,
        messages: [{ role: "user", content: "count to 4 same" }],
      };
      const direct = (more: object) =>
        fetch(`${on().upstream.url}/v1/chat/completions`, {
          method: "POST",
          headers: { authorization: "Bearer x", ...JSON_TYPE },
          body: JSON.stringify({ ...body, ...more }),
        });
      const normal = (text: string) => text.replaceAll(/"created":\d+/g, '"created":0');
      for (const more of [{ stream: true }, { stream: false }, { stream: true, n: 2 }]) {
        const through = await post("/v1/chat/completions", { ...body, ...more });
        expect(normal(await through.text())).toBe(normal(await (await direct(more)).text()));
      }
    });

    test("tools, thinking and JSON mode come through both dialects", async () => {
      const tools = [
        {
          type: "function",
          function: {
            name: "weather",
            parameters: {
              type: "object",
              properties: { city: { type: "string" } },
              required: ["city"],
            },
          },
        },
      ];
      const called = await (await askChat(on(), "tool please", { more: { tools } })).text();
      expect(called).toContain('"finish_reason":"tool_calls"');
      expect(called).toContain('"name":"weather"');
      const thought = await (
        await askStream(on(), "think", { more: { model: "magistral-medium-latest" } })
      ).text();
      expect(thought).toContain('"type":"thinking"');
      const json = await askChat(on(), "as json", {
        more: { stream: false, response_format: { type: "json_object" } },
      });
      const { choices } = (await json.json()) as { choices: { message: { content: string } }[] };
      expect(() => JSON.parse(choices[0]?.message.content ?? "")).not.toThrow();
    });

    test("code is completed, streaming or not", async () => {
      const fim = { model: "codestral-latest", prompt: "def f(", suffix: "return", max_tokens: 10 };
      const whole = await post("/v1/fim/completions", fim);
      expect([whole.status, ((await whole.json()) as { object: string }).object]).toEqual([
        200,
        "chat.completion",
      ]);
      const streamed = await (await post("/v1/fim/completions", { ...fim, stream: true })).text();
      expect(streamed).toEndWith("data: [DONE]\n\n");
      expect(contentOf(streamed).length).toBeGreaterThan(0);
    });

    test("embeddings are passed on and count as tokens of the day", async () => {
      const tokens = async () => {
        const response = await fetch(`${on().gateway.url}/v1/usage`, { headers: bearer() });
        return ((await response.json()) as { used: { tokens: number } }).used.tokens;
      };
      const before = await tokens();
      const response = await post("/v1/embeddings", {
        model: "mistral-embed",
        input: ["one two three"],
      });
      const { data, usage } = (await response.json()) as {
        data: unknown[];
        usage: { total_tokens: number };
      };
      expect([response.status, data.length]).toEqual([200, 1]);
      expect(await tokens()).toBe(before + usage.total_tokens);
    });

    test("what is used is told, with the plan and the time when it is new", async () => {
      const response = await fetch(`${on().gateway.url}/v1/usage`, { headers: bearer() });
      expect(await response.json()).toMatchObject({
        principal: "web",
        plan: "default",
        limits: { concurrentStreams: 2000, maxOutputTokens: 4096 },
        used: { streams: 0 },
        resets_at: expect.stringMatching(/T00:00:00\.000Z$/),
      });
    });
  });

  describe("UPSTREAM=simulated", () => {
    const on = stage(runtime, {
      env: { UPSTREAM: "simulated", MISTRAL_API_KEY: "", SIMULATED_PACE_MS: "1" },
    });

    test("answers by itself, and every answer says so", async () => {
      const response = await askStream(on(), "count to 9");
      expect(response.headers.get("x-upstream")).toBe("simulated");
      expect(contentOf(await response.text())).toBe("1 2 3 4 5 6 7 8 9");
      expect(on().upstream.requests.length).toBe(0);
    });
  });
}
