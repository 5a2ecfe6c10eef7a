/** The AI SDK with Mistral's provider against the gateway, as an application would set it up. */

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { createMistral } from "@ai-sdk/mistral";
import { APICallError, generateText, jsonSchema, stepCountIs, streamText, tool } from "ai";
import { MODEL, TOOL } from "./client.ts";
import { openStage, type Stage, until } from "./stage.ts";

setDefaultTimeout(20_000);

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage?.close());

const FIVE = "1 2 3 4 5";
const model = (name = MODEL, apiKey = stage.key) =>
  createMistral({ baseURL: `${stage.url}/v1`, apiKey })(name);

/** Keeps what a stream raised; without a hook the AI SDK writes it to the console. */
function keeper() {
  const errors: unknown[] = [];
  return { errors, onError: ({ error }: { error: unknown }) => void errors.push(error) };
}

describe("the AI SDK's Mistral provider gets", () => {
  test("an answer whole, with finish reason and usage", async () => {
    const { text, finishReason, usage } = await generateText({
      model: model(),
      prompt: "count to 5",
    });
    expect({ text, finishReason, tokens: usage.outputTokens }).toEqual({
      text: FIVE,
      finishReason: "stop",
      tokens: 5,
    });
  });

  test("a stream word by word, with finish reason and usage", async () => {
    const result = streamText({ model: model(), prompt: "count to 5" });
    const pieces = await Array.fromAsync(result.textStream);
    expect(pieces).toEqual(["1", " 2", " 3", " 4", " 5"]);
    expect(await result.finishReason).toBe("stop");
    expect((await result.usage).outputTokens).toBe(5);
  });

  test.each([false, true])(
    "a tool call that it runs and answers with, stream: %p",
    async (stream) => {
      const asked: string[] = [];
      const weather = tool({
        description: TOOL.function.description,
        inputSchema: jsonSchema<{ city: string }>(TOOL.function.parameters as never),
        execute: async ({ city }) => {
          asked.push(city);
          return { sky: "clear" };
        },
      });
      const options = {
        model: model(),
        prompt: `weather? stream: ${stream}`,
        tools: { weather },
        stopWhen: stepCountIs(3),
      };
      const result = stream ? streamText(options) : await generateText(options);
      expect(await result.text).not.toBe("");
      expect(asked).toEqual([expect.any(String)]);
      // The call, and the answer that has read what came of it.
      expect(await result.steps).toHaveLength(2);
      expect(stage.asked(options.prompt).at(-1)?.body).toContain('\\"sky\\":\\"clear\\"');
    },
  );

  test("thinking apart from the answer", async () => {
    const result = streamText({ model: model("magistral-medium-latest"), prompt: "count to 5" });
    expect(await result.text).toBe(FIVE);
    expect((await result.reasoningText)?.split(" ").length).toBeGreaterThanOrEqual(8);
  });
});

describe("the AI SDK's Mistral provider raises", () => {
  test("upstream's refusal of a request, with status, message and request id", async () => {
    const asking = generateText({
      model: model(),
      prompt: "hello fault:status:400",
      maxRetries: 0,
    });
    const error = await asking.catch((thrown: unknown) => thrown);
    if (!APICallError.isInstance(error)) throw error;
    expect(error.statusCode).toBe(422);
    expect(error.message).toContain("too large for model");
    expect(error.isRetryable).toBe(false);
    expect(error.responseHeaders?.["x-request-id"]).toMatch(/^[0-9a-f]{32}$/);
  });

  test("a wrong key, on a stream too", async () => {
    const { errors, onError } = keeper();
    await streamText({
      model: model(MODEL, "ms_wrong"),
      prompt: "hello",
      onError,
      maxRetries: 0,
    }).consumeStream();
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatchObject({ statusCode: 401, isRetryable: false });
  });

  test.each(["cut:5", "clean-end:5", "error-frame:5", "finish-error:5"])(
    "or tells a broken answer: %s",
    async (fault) => {
      const { errors, onError } = keeper();
      const result = streamText({
        model: model(),
        prompt: `count to 50 fault:${fault}`,
        onError,
        maxRetries: 0,
      });
      const pieces = await Array.fromAsync(result.textStream);
      expect(pieces.join("")).toBe("1 2 3 4");
      const reason = await result.finishReason;
      expect(errors.length > 0 || reason === "error").toBe(true);
    },
  );
});

test("the AI SDK's abort signal cancels upstream and gives the slot back", async () => {
  const leaving = new AbortController();
  const prompt = "AI SDK: count to 2000 fault:slow:20";
  const { textStream } = streamText({ model: model(), prompt, abortSignal: leaving.signal });
  let pieces = 0;
  let leftAt = 0;
  for await (const _ of textStream) {
    pieces += 1;
    if (pieces !== 5) continue;
    leftAt = Date.now();
    leaving.abort();
  }
  expect((await stage.left(prompt)) - leftAt).toBeLessThan(100);
  await until(async () => ((await stage.slots()) === 0 ? true : undefined), 100);
});
