/** The contract suite: what every SDK must get through the gateway, whoever wrote it. */

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { Ask, Client } from "./client.ts";
import { contractOfFailures, type ErrorWords } from "./contract-failures.ts";
import { openStage, type Stage, until } from "./stage.ts";

/** A client left; upstream is told within this time. */
const CANCEL_MS = 100;

/** Upstream's waits do not fit before the first heartbeat, and its silence is soon too long. */
const BEATING = { HEARTBEAT_MS: "100", FIRST_EVENT_TIMEOUT_MS: "800" };

export function contract(name: string, create: () => Client, words: ErrorWords): void {
  // A Python client takes a second to import on a busy machine.
  setDefaultTimeout(20_000);
  let stage: Stage;
  let beating: Stage;
  let client: Client;
  const ask = (what: Partial<Ask>, on = stage) =>
    client.ask({ url: on.url, key: on.key, prompt: "count to 50", stream: false, ...what });

  beforeAll(async () => {
    [stage, beating] = await Promise.all([openStage(), openStage(BEATING)]);
    client = create();
  });
  afterAll(async () => {
    await client?.close();
    await Promise.all([stage?.close(), beating?.close()]);
  });

  const FIFTY = Array.from({ length: 50 }, (_, i) => i + 1).join(" ");

  describe(`${name} gets`, () => {
    test("an answer whole, with finish reason and usage", async () => {
      const told = await ask({});
      expect(told).toMatchObject({ text: FIFTY, finish: "stop", tokens: 50, error: null });
    });

    test("a stream word by word, with finish reason and usage", async () => {
      const told = await ask({ stream: true });
      expect(told).toMatchObject({
        text: FIFTY,
        pieces: 50,
        finish: "stop",
        tokens: 50,
        error: null,
      });
    });

    test("the same prose as upstream said, streamed and not", async () => {
      const prompt = `${name}: 200 words, some of them not in ASCII`;
      const streamed = await ask({ stream: true, prompt });
      const whole = await ask({ prompt });
      const [first] = stage.asked(prompt);
      const said = await fetch(`${stage.upstream.url}/v1/chat/completions`, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: "Bearer any" },
        body: JSON.stringify({ ...JSON.parse(first?.body ?? ""), stream: false }),
      });
      const answer = (await said.json()) as { choices: [{ message: { content: string } }] };
      expect(streamed.text).toBe(answer.choices[0].message.content);
      expect(streamed.text).toMatch(/[東🌊éèç]/u);
      expect(whole.text.split(" ")).toHaveLength(200);
    });

    test.each([false, true])("a tool call, stream: %p", async (stream) => {
      const told = await ask({ stream, tool: true, prompt: "how is the weather?" });
      expect(told).toMatchObject({ finish: "tool_calls", error: null });
      expect(told.calls.map((call) => call.name)).toEqual(["weather"]);
      expect(JSON.parse(told.calls[0]?.arguments ?? "")).toEqual({ city: expect.any(String) });
    });

    test.each([false, true])("an answer in JSON mode, stream: %p", async (stream) => {
      const told = await ask({ stream, json: true, prompt: "answer in JSON" });
      expect(JSON.parse(told.text)).toEqual({ answer: expect.any(String), confidence: 0.9 });
    });

    test("the list of models", async () => {
      const models = await client.models(stage.url, stage.key);
      expect(models).toContain("mistral-small-latest");
      expect(models).toContain("mistral-embed");
    });

    test.each(["before the first event fault:delay:450", "between events fault:slow:250"])(
      "a stream through heartbeats %s",
      async (when) => {
        const prompt = `${name}: count to 3 ${when}`;
        const told = await ask({ stream: true, prompt }, beating);
        expect(told).toMatchObject({ text: "1 2 3", finish: "stop", tokens: 3, error: null });
        expect(await countHeartbeats(beating, prompt)).toBeGreaterThanOrEqual(2);
      },
    );

    test("one answer for two requests with one Idempotency-Key", async () => {
      const prompt = `${name}: 30 words, asked twice`;
      const headers = { "idempotency-key": `twice-${crypto.randomUUID()}` };
      const first = await ask({ stream: true, prompt, headers });
      const second = await ask({ stream: true, prompt, headers });
      expect(first.text.split(" ")).toHaveLength(30);
      expect(second).toMatchObject({ text: first.text, tokens: 30, error: null });
      expect(stage.asked(prompt)).toHaveLength(1);
    });
  });

  describe(`${name} leaves in mid-stream`, () => {
    test("and upstream is cancelled within 100 ms, the slot given back", async () => {
      const prompt = `${name}: count to 2000 fault:slow:20`;
      const told = await ask({ stream: true, prompt, stopAfter: 5 });
      expect(told).toMatchObject({ text: "1 2 3 4 5", error: null });
      expect((await stage.left(prompt)) - (told.leftAt ?? 0)).toBeLessThan(CANCEL_MS);
      await until(async () => ((await stage.slots()) === 0 ? true : undefined), CANCEL_MS);
    });
  });

  contractOfFailures(
    name,
    (what, on) => ask(what, on === "beating" ? beating : stage),
    () => ({ stage, beating }),
    words,
  );
}

/** Heartbeats on the wire, so that the clients above are known to have met some. */
async function countHeartbeats(stage: Stage, prompt: string): Promise<number> {
  const response = await fetch(`${stage.url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${stage.key}`, "content-type": "application/json" },
    body: JSON.stringify({
      model: "mistral-small-latest",
      stream: true,
      messages: [{ role: "user", content: prompt }],
    }),
  });
  return (await response.text()).split("\n").filter((line) => line.startsWith(":")).length;
}
