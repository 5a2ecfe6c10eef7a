import { describe, expect, test } from "bun:test";
import {
  AT,
  ENVELOPE,
  simulated,
  post,
  chat,
  ask,
  streamed,
  chunksOf,
  contentOf,
} from "./simulated-requests.ts";

describe("a streamed answer", () => {
  test("starts with role and empty content, ends with finish_reason and usage in one chunk, then [DONE]", async () => {
    const response = await simulated(
      post("/v1/chat/completions", chat("count to 50", { stream: true })),
    );
    expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    expect(response.headers.get("mistral-correlation-id")).toMatch(
      /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
    );
    expect(response.headers.get("x-ratelimit-limit-req-minute")).toBe("360");
    const chunks = chunksOf(await response.text());
    expect(chunks).toHaveLength(52);
    expect<unknown>(chunks[0]?.choices).toEqual([
      { index: 0, delta: { role: "assistant", content: "" }, finish_reason: null, logprobs: null },
    ]);
    expect(chunks[2]?.choices[0]?.delta).toEqual({ content: " 2" });
    expect(contentOf(chunks)).toBe(Array.from({ length: 50 }, (_, i) => i + 1).join(" "));
    for (const [i, chunk] of chunks.entries()) {
      expect(Object.keys(chunk)).toEqual(i === 51 ? [...ENVELOPE, "usage"] : ENVELOPE);
      expect(chunk).toMatchObject({
        id: chunks[0]?.id,
        object: "chat.completion.chunk",
        created: AT,
      });
    }
    expect(chunks[0]?.id).toMatch(/^[0-9a-f]{32}$/);
    expect(chunks[51]?.choices[0]).toMatchObject({ delta: { content: "" }, finish_reason: "stop" });
    expect(chunks[51]?.usage).toEqual({
      prompt_tokens: 3,
      total_tokens: 53,
      completion_tokens: 50,
    });
  });

  test("is the same for the same request, another for another, and the answer without streaming", async () => {
    const body = chat("Tell me something.");
    const first = await streamed(body);
    expect(await streamed(body)).toBe(first);
    expect(contentOf(chunksOf(await streamed(chat("Tell me more."))))).not.toBe(
      contentOf(chunksOf(first)),
    );
    const whole = await ask(body);
    expect(whole.choices[0]?.message.content).toBe(contentOf(chunksOf(first)));
    expect<unknown>(whole.usage).toEqual(chunksOf(first).at(-1)?.usage);
    expect(whole.object).toBe("chat.completion");
  });

  test.each([
    ["300 words", {}, 300, "stop"],
    ["Give me 40 tokens, please", {}, 40, "stop"],
    ["count to 50", { max_tokens: 7 }, 7, "length"],
    ["count to 7", { max_tokens: 7 }, 7, "stop"],
    ["count to 50", { stop: "20" }, 19, "stop"],
    ["count to 0", {}, 0, "stop"],
  ])("%j with %j has %j words and ends with %j", async (prompt, more, words, reason) => {
    const last = chunksOf(await streamed(chat(prompt, more))).at(-1);
    expect(last?.usage.completion_tokens).toBe(words);
    expect(last?.choices[0]?.finish_reason).toBe(reason);
  });

  test("is cut by max_tokens without changing what comes before the cut", async () => {
    const whole = contentOf(chunksOf(await streamed(chat("Tell me something."))));
    const cut = contentOf(chunksOf(await streamed(chat("Tell me something.", { max_tokens: 9 }))));
    expect(whole.startsWith(cut)).toBe(true);
    expect(cut.split(" ")).toHaveLength(9);
  });

  test("interleaves n choices and sums their usage in the last chunk alone", async () => {
    const chunks = chunksOf(await streamed(chat("10 words", { n: 3 })));
    expect(chunks.slice(0, 4).map((chunk) => chunk.choices[0]?.index)).toEqual([0, 1, 2, 0]);
    expect(chunks.filter((chunk) => "usage" in chunk)).toHaveLength(1);
    expect(chunks.at(-1)?.usage).toEqual({
      prompt_tokens: 2,
      total_tokens: 32,
      completion_tokens: 30,
    });
    expect(new Set([0, 1, 2].map((index) => contentOf(chunks, index))).size).toBe(3);
  });

  test("thinks first where the model is a magistral", async () => {
    const chunks = chunksOf(
      await streamed(chat("count to 3", { model: "magistral-medium-latest" })),
    );
    const parts = chunks.flatMap((chunk) =>
      [chunk.choices[0]?.delta.content || []].flat(),
    ) as unknown as { type: string }[];
    const types = parts.map((part) => part.type);
    expect(chunks[0]?.choices[0]?.delta).toMatchObject({
      role: "assistant",
      content: [{ type: "thinking" }],
    });
    expect(types).toEqual([...types].sort().reverse());
    expect<unknown>(parts.slice(-3)).toEqual(
      ["1", " 2", " 3"].map((text) => ({ type: "text", text })),
    );
    expect(chunks.at(-1)?.usage.completion_tokens).toBe(parts.length);
  });
});
