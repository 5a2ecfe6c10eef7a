import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { createSimulated } from "../../app/upstream/simulated/simulated.ts";
import {
  ORIGIN,
  type Answer,
  simulated,
  post,
  chat,
  ask,
  streamed,
  chunksOf,
} from "./simulated-requests.ts";

describe("the other routes", () => {
  test("FIM answers in chat's chunks", async () => {
    const chunks = chunksOf(
      await streamed(
        { model: "codestral-latest", prompt: "5 words", suffix: "end" },
        "/v1/fim/completions",
      ),
    );
    expect(chunks.at(-1)?.usage).toEqual({
      prompt_tokens: 3,
      total_tokens: 8,
      completion_tokens: 5,
    });
  });

  test("embeddings are unit vectors, the same for the same text, as floats and as base64", async () => {
    const body = { model: "mistral-embed", input: ["a b", "c", "a b"] };
    const { data, usage } = await ask(body, "/v1/embeddings");
    const [first = [], other = [], again] = data.map((d) => d.embedding);
    expect(data.map((d) => d.index)).toEqual([0, 1, 2]);
    expect(first).toHaveLength(1024);
    expect<unknown>(again).toEqual(first);
    expect(other).not.toEqual(first);
    expect(Math.hypot(...other)).toBeCloseTo(1, 5);
    expect(usage).toEqual({ prompt_tokens: 5, total_tokens: 5, completion_tokens: 0 });
    const packed = (await ask({ ...body, encoding_format: "base64" }, "/v1/embeddings")).data[0]
      ?.embedding;
    expect(Buffer.from(String(packed), "base64").readFloatLE(4)).toBeCloseTo(first[1] ?? 2, 6);
  });

  test("models are listed as cards", async () => {
    const request = new Request(`${ORIGIN}/v1/models`, {
      headers: { authorization: "Bearer key" },
    });
    const { object, data } = (await (await simulated(request)).json()) as Answer;
    expect(object).toBe("list");
    expect(data.map((card) => card.id)).toContain("mistral-large-latest");
  });
});

describe("pace, aborts and backpressure", () => {
  const paced = createSimulated({ paceMs: 20 });

  test("events come one a pace", async () => {
    const started = performance.now();
    await (await paced(post("/v1/chat/completions", chat("count to 8", { stream: true })))).text();
    expect(performance.now() - started).toBeWithin(190, 600);
  });

  test("an abort errors the body at once, a cancel ends it at once, and neither leaves a timer", async () => {
    const slow = createSimulated({ paceMs: 60_000 });
    const controller = new AbortController();
    const body = chat("count to 8", { stream: true });
    const aborted = await slow(post("/v1/chat/completions", body, { signal: controller.signal }));
    const read = aborted.text().then(
      () => "whole",
      (cause: unknown) => cause,
    );
    const unread = await slow(post("/v1/chat/completions", body, { signal: controller.signal }));
    await Bun.sleep(5);
    const started = performance.now();
    controller.abort(new Error("left"));
    expect(String(await read)).toContain("left");
    expect(unread.bodyUsed).toBe(false);
    const cancelled = await slow(post("/v1/chat/completions", body));
    const reader = cancelled.body?.getReader();
    const pending = reader?.read();
    await reader?.cancel();
    expect(await pending).toEqual({ done: true, value: undefined });
    expect(performance.now() - started).toBeLessThan(50);
    const before = slow(post("/v1/chat/completions", body, { signal: AbortSignal.abort() }));
    expect(before).rejects.toThrow();
  });

  test("a process whose streams were aborted and cancelled has nothing left to wait for", async () => {
    const script = `
      const { createSimulated } = await import(${JSON.stringify(join(import.meta.dir, "../../app/upstream/simulated/simulated.ts"))});
      const ask = (signal) => createSimulated({ paceMs: 60_000 })(new Request("${ORIGIN}/v1/chat/completions", {
        method: "POST", headers: { authorization: "Bearer key" }, signal,
        body: ${JSON.stringify(JSON.stringify(chat("x", { stream: true })))},
      }));
      const controller = new AbortController();
      const aborted = (await ask(controller.signal)).text().catch(() => {});
      const cancelled = (await ask(new AbortController().signal)).body.getReader();
      const read = cancelled.read();
      await cancelled.cancel();
      controller.abort();
      await Promise.all([aborted, read]);
    `;
    const child = Bun.spawn([process.execPath, "-e", script], {
      stdout: "ignore",
      stderr: "inherit",
    });
    const slow = setTimeout(() => child.kill(), 3000);
    expect(await child.exited).toBe(0);
    clearTimeout(slow);
  });

  test("a reader that stops is not run ahead of", async () => {
    let made = 0;
    const chunks = {
      *[Symbol.iterator]() {
        for (;;) yield `{"n":${made++}}`;
      },
    }[Symbol.iterator]();
    const { toEvents } = await import("../../app/upstream/simulated/stream.ts");
    const reader = toEvents(chunks, 0, new AbortController().signal).getReader();
    await reader.read();
    await Bun.sleep(10);
    expect(made).toBeLessThanOrEqual(2);
    await reader.cancel();
  });
});
