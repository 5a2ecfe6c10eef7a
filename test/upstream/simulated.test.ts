import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Mistral } from "@mistralai/mistralai";
import { CHAT } from "../../app/upstream/simulated/fields.ts";
import { type Recording, readRecordings } from "../../app/upstream/simulated/replay.ts";
import { fill } from "../../app/upstream/simulated/schema.ts";
import { createSimulated } from "../../app/upstream/simulated/simulated.ts";
import { seeded } from "../../app/upstream/simulated/words.ts";
import { startUpstream, type Upstream } from "../support/upstream.ts";

const ORIGIN = "http://mistral.test";
const AT = 1_790_000_000;
const ENVELOPE = ["id", "object", "created", "model", "choices"];

/** A request's body; what is wrong with some of them is the point. */
type Body = Readonly<Record<string, unknown>>;

interface Call {
  readonly id: string;
  readonly function: { readonly name: string; readonly arguments: string };
}

interface Part {
  readonly role?: string;
  readonly content: string | readonly Readonly<Record<string, unknown>>[];
  readonly tool_calls?: readonly Call[] | null;
}

/** A chunk or a whole answer of any route: every member that the tests look at. */
interface Answer {
  readonly id: string;
  readonly object: string;
  readonly choices: readonly {
    index: number;
    delta: Part;
    message: Part;
    finish_reason: string | null;
  }[];
  readonly usage: Readonly<Record<string, number>>;
  readonly data: readonly { id: string; index: number; embedding: number[] }[];
}

const simulated = createSimulated({ paceMs: 0, nowSeconds: () => AT });

function post(path: string, body: unknown, init: RequestInit = {}): Request {
  const headers = { authorization: "Bearer key", "content-type": "application/json" };
  return new Request(ORIGIN + path, {
    method: "POST",
    headers,
    body: JSON.stringify(body),
    ...init,
  });
}

const chat = (content: unknown, more: Body = {}): Body => ({
  model: "mistral-small-latest",
  messages: [{ role: "user", content }],
  ...more,
});

const ask = async (body: Body, path = "/v1/chat/completions"): Promise<Answer> =>
  (await simulated(post(path, body))).json() as Promise<Answer>;

const streamed = async (body: Body, path = "/v1/chat/completions"): Promise<string> =>
  (await simulated(post(path, { ...body, stream: true }))).text();

/** The chunks of a stream whose framing is exactly Mistral's. */
function chunksOf(text: string): Answer[] {
  expect(text.endsWith("\n\ndata: [DONE]\n\n")).toBe(true);
  const events = text.slice(0, -2).split("\n\n");
  expect(events.every((event) => event.startsWith("data: ") && !event.includes("\n"))).toBe(true);
  return events.slice(0, -1).map((event) => JSON.parse(event.slice(6)) as Answer);
}

const contentOf = (chunks: Answer[], index = 0): string =>
  chunks
    .flatMap((chunk) => chunk.choices)
    .filter((c) => c.index === index)
    .map((c) => c.delta.content)
    .join("");

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

const WEATHER = {
  type: "function",
  function: {
    name: "weather",
    parameters: {
      type: "object",
      properties: {
        city: { type: "string" },
        days: { type: "integer", minimum: 1, maximum: 5 },
        unit: { enum: ["C"] },
      },
      required: ["city", "days", "unit"],
    },
  },
};
const CLOCK = {
  type: "function",
  function: { name: "clock", parameters: { type: "object", properties: {} } },
};
const CALL = { id: "abcdefghi", function: { name: "weather", arguments: "{}" } };
const AFTER_CALL = [
  { role: "user", content: "Weather?" },
  { role: "assistant", content: "", tool_calls: [CALL] },
  { role: "tool", tool_call_id: "abcdefghi", name: "weather", content: "rain" },
];

describe("tools and formats", () => {
  test("a call comes in one chunk with a 9-character id, valid arguments, finish_reason and usage", async () => {
    const chunks = chunksOf(await streamed(chat("Weather?", { tools: [WEATHER, CLOCK] })));
    expect(chunks).toHaveLength(2);
    const choice = chunks[1]?.choices[0];
    expect(choice?.finish_reason).toBe("tool_calls");
    expect(choice?.delta.tool_calls).toHaveLength(1);
    const call = choice?.delta.tool_calls?.[0];
    expect(call?.id).toMatch(/^[0-9A-Za-z]{9}$/);
    const { city, days, unit } = JSON.parse(call?.function.arguments ?? "");
    expect([typeof city, unit]).toEqual(["string", "C"]);
    expect([1, 2, 3, 4, 5]).toContain(days);
    expect(chunks[1]?.usage.completion_tokens).toBeGreaterThan(0);
  });

  test.each([
    ["auto after a tool's result", { messages: AFTER_CALL }, []],
    ["none", { tool_choice: "none" }, []],
    ["any after a tool's result", { messages: AFTER_CALL, tool_choice: "any" }, ["weather"]],
    ["required", { tool_choice: "required" }, ["weather"]],
    [
      "a function's name",
      { tool_choice: { type: "function", function: { name: "clock" } } },
      ["clock"],
    ],
    ["parallel calls asked for", { parallel_tool_calls: true }, ["weather", "clock"]],
  ])("tool_choice: %s", async (_, more, expected) => {
    const [choice] = (await ask(chat("Weather?", { tools: [WEATHER, CLOCK], ...more }))).choices;
    const called = (choice?.message.tool_calls ?? []).map((call) => call.function.name);
    expect(called).toEqual(expected);
    expect(choice?.finish_reason).toBe(expected.length > 0 ? "tool_calls" : "stop");
  });

  test("json_object is a JSON object, json_schema one that satisfies the schema, refs and all", async () => {
    const json = await ask(chat("x", { response_format: { type: "json_object" } }));
    expect(JSON.parse(String(json.choices[0]?.message.content))).toBeObject();
    const schema = {
      $defs: {
        author: { type: "object", properties: { mail: { type: "string", format: "email" } } },
      },
      type: "object",
      properties: {
        authors: { type: "array", items: { $ref: "#/$defs/author" }, minItems: 2 },
        price: { type: "number", exclusiveMinimum: 4, multipleOf: 0.5, maximum: 5 },
        note: { anyOf: [{ type: "null" }, { type: "string", minLength: 5, maxLength: 6 }] },
        name: { type: "string", minLength: 12, maxLength: 12 },
        kind: { const: "book" },
        isNew: { type: ["boolean", "null"] },
      },
    };
    const format = { type: "json_schema", json_schema: { name: "book", schema } };
    const text = contentOf(chunksOf(await streamed(chat("x", { response_format: format }))));
    const book = JSON.parse(text);
    expect(book).toMatchObject({
      kind: "book",
      authors: [{ mail: "ada@example.com" }, { mail: "ada@example.com" }],
    });
    expect([4.5, 5]).toContain(book.price);
    expect(book.note).toMatch(/^.{5,6}$/u);
    expect(book.name).toMatch(/^.{12}$/u);
    expect(book.isNew).toBeBoolean();
  });
});

test("a string has its length in whole characters, whatever the seed", () => {
  for (let seed = 0; seed < 300; seed++) {
    for (const length of [1, 8]) {
      const text = fill(
        { type: "string", minLength: length, maxLength: length },
        seeded(String(seed)),
      );
      expect(text).toMatch(new RegExp(`^\\P{Cs}{${length}}$`, "u"));
    }
  }
});

const user = { role: "user", content: "x" };
const REFUSALS: readonly (readonly [string, string, unknown, number, string])[] = [
  [
    "an unknown field",
    "chat",
    chat("x", { user: "ada" }),
    422,
    '{"type":"extra_forbidden","msg":"Extra inputs are not permitted","loc":["body","user"],"input":"ada"}',
  ],
  [
    "a field named like an object's own",
    "chat",
    chat("x", { constructor: 1 }),
    422,
    "extra_forbidden",
  ],
  ["no model", "chat", { messages: [user] }, 422, '"loc":["body","model"],"msg":"Field required"'],
  ["no messages", "chat", { model: "mistral-small-latest" }, 422, '"loc":["body","messages"]'],
  ["empty messages", "chat", { model: "mistral-small-latest", messages: [] }, 422, "too_short"],
  ["a body that is an array", "chat", [], 422, "model_attributes_type"],
  ["a null body", "chat", null, 422, "model_attributes_type"],
  ["temperature 1.6", "chat", chat("x", { temperature: 1.6 }), 422, '"less_than_equal"'],
  ["temperature -1", "chat", chat("x", { temperature: -1 }), 422, '"greater_than_equal"'],
  ["max_tokens as text", "chat", chat("x", { max_tokens: "9" }), 422, '"int_type"'],
  ["129 tools", "chat", chat("x", { tools: Array(129).fill(CLOCK) }), 422, "too_long"],
  ["n 1000", "chat", chat("x", { n: 1000 }), 422, "less_than_equal"],
  [
    "role developer",
    "chat",
    chat("x", { messages: [{ role: "developer", content: "x" }] }),
    422,
    "union_tag_invalid",
  ],
  ["a null message", "chat", chat("x", { messages: [null] }), 422, "union_tag_invalid"],
  [
    "a user's name",
    "chat",
    chat("x", { messages: [{ ...user, name: "a" }] }),
    422,
    '["body","messages",0,"user","name"]',
  ],
  ["content that is a number", "chat", chat(5), 422, "string_type"],
  ["no content", "chat", chat("x", { messages: [{ role: "user" }] }), 422, "missing"],
  [
    "an unknown model",
    "chat",
    chat("x", { model: "gpt-4o" }),
    400,
    '"message":"Invalid model: gpt-4o","type":"invalid_model","param":null,"code":"1500"',
  ],
  ["an embedding model", "chat", chat("x", { model: "mistral-embed" }), 400, "invalid_model"],
  [
    "assistant last",
    "chat",
    chat("x", { messages: [user, { role: "assistant", content: "y" }] }),
    400,
    "Expected last role",
  ],
  [
    "a tool first",
    "chat",
    chat("x", { messages: [{ role: "tool", content: "y", tool_call_id: "a" }] }),
    400,
    "Unexpected role 'tool'",
  ],
  [
    "a call without result",
    "chat",
    chat("x", { messages: [...AFTER_CALL.slice(0, 2), user] }),
    400,
    "Not the same number",
  ],
  [
    "another call's result",
    "chat",
    chat("x", { messages: [...AFTER_CALL.slice(0, 2), { ...AFTER_CALL[2], tool_call_id: "z" }] }),
    400,
    "Unexpected tool call id z",
  ],
  [
    "a user after a tool",
    "chat",
    chat("x", { messages: [...AFTER_CALL, user] }),
    400,
    "Unexpected role 'user' after role 'tool'",
  ],
  [
    "FIM with messages",
    "fim",
    { model: "codestral-latest", prompt: "x", messages: [] },
    422,
    "extra_forbidden",
  ],
  [
    "FIM on a chat model",
    "fim",
    { model: "mistral-small-latest", prompt: "x" },
    400,
    "invalid_model",
  ],
];

describe("refusals", () => {
  test.each(REFUSALS)("%s", async (_, route, body, status, part) => {
    const response = await simulated(post(`/v1/${route}/completions`, body));
    const text = await response.text();
    expect([response.status, text]).toEqual([status, expect.stringContaining(part)]);
    expect(JSON.parse(text)).toMatchObject({ object: "error", param: null });
  });

  test("the list of chat fields is the 22 that are documented", () => {
    expect(Object.keys(CHAT)).toHaveLength(22);
  });

  test.each([
    ["no bearer", { headers: {} }, 401, { detail: "Unauthorized" }],
    ["an empty bearer", { headers: { authorization: "Bearer " } }, 401, { detail: "Unauthorized" }],
    [
      "a body that is no JSON",
      { body: "{" },
      422,
      { message: { detail: [expect.objectContaining({ type: "json_invalid" })] } },
    ],
    ["PUT", { method: "PUT" }, 404, { object: "error", message: "Not Found" }],
  ])("%s", async (_, init, status, body) => {
    const response = await simulated(post("/v1/chat/completions", chat("x"), init));
    expect([response.status, await response.json()]).toEqual([
      status,
      expect.objectContaining(body),
    ]);
  });

  test("an assistant's prefix, null content beside tool calls and null options are fine", async () => {
    const prefixed = [user, { role: "assistant", content: "y", prefix: true }];
    expect(
      (await ask(chat("x", { messages: prefixed, temperature: null, n: null, stop: null }))).object,
    ).toBe("chat.completion");
    const nulled = [AFTER_CALL[0], { ...AFTER_CALL[1], content: null }, AFTER_CALL[2]];
    expect((await ask(chat("x", { messages: nulled }))).object).toBe("chat.completion");
    expect((await ask(chat([{ type: "text", text: "count to 2" }]))).usage.prompt_tokens).toBe(3);
  });
});

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

const FOLDERS = [
  join(import.meta.dir, "../fixtures/recorded"),
  join(import.meta.dir, "../../../shared/reference/recorded"),
];

describe.each(FOLDERS.filter(existsSync))("replay of %s", (folder) => {
  const recordings = readRecordings(folder);
  const replayed = createSimulated({ paceMs: 0, replay: recordings });
  const framed = ({ chunks }: Recording) =>
    [...chunks, "[DONE]"].map((chunk) => `data: ${chunk}\n\n`).join("");
  const askFor = async (body: Body) =>
    (await replayed(post("/v1/chat/completions", { ...body, stream: true }))).text();

  test("request k gets recording k mod N, byte for byte", async () => {
    for (const recording of [...recordings, ...recordings])
      expect(await askFor(chat("x"))).toBe(framed(recording));
  });

  test.each(recordings.map((recording) => [recording.name, recording] as const))(
    "%s by name",
    async (name, recording) => {
      expect(await askFor(chat(name))).toBe(framed(recording));
      expect(await askFor(chat("x", { model: name }))).toBe(framed(recording));
      const whole = await (await replayed(post("/v1/chat/completions", chat(name)))).text();
      if (recording.body !== undefined) expect(whole).toBe(recording.body);
      else expect(JSON.parse(whole).object).toBe("chat.completion");
    },
  );
});

test("a folder without a recording, and a recording without a chunk, say so", () => {
  const folder = mkdtempSync(join(tmpdir(), "recorded-"));
  expect(() => readRecordings(folder)).toThrow("holds no *.chunks.txt");
  writeFileSync(join(folder, "a.chunks.txt"), "\r\n\n");
  expect(() => readRecordings(folder)).toThrow("a.chunks.txt holds no chunk");
  expect(() => readRecordings(join(folder, "missing"))).toThrow("missing");
});

test("recordings come in the order of their names, whatever the order on disk", () => {
  const folder = mkdtempSync(join(tmpdir(), "recorded-"));
  for (const name of ["m", "z", "a", "k"])
    writeFileSync(join(folder, `${name}.chunks.txt`), "{}\n");
  expect(readRecordings(folder).map(({ name }) => name)).toEqual(["a", "k", "m", "z"]);
});

describe("Mistral's own SDK over a port", () => {
  let upstream: Upstream;
  beforeAll(async () => {
    upstream = await startUpstream();
  });
  afterAll(() => upstream.close());

  test("streams, completes, embeds and lists", async () => {
    const mistral = new Mistral({ apiKey: "key", serverURL: upstream.url });
    const request = {
      model: "mistral-small-latest",
      messages: [{ role: "user" as const, content: "count to 20" }],
    };
    let text = "";
    let finish: unknown;
    let tokens: unknown;
    for await (const { data } of await mistral.chat.stream(request)) {
      text += data.choices[0]?.delta.content;
      finish = data.choices[0]?.finishReason;
      tokens = data.usage?.totalTokens;
    }
    expect([text.split(" ").length, finish, tokens]).toEqual([20, "stop", 23]);
    expect((await mistral.chat.complete(request)).choices?.[0]?.message?.content).toBe(text);
    expect(
      (await mistral.embeddings.create({ model: "mistral-embed", inputs: "x" })).data[0]?.embedding,
    ).toHaveLength(1024);
    expect((await mistral.models.list()).data).toHaveLength(7);
    await expect(mistral.chat.complete({ ...request, model: "nope" })).rejects.toThrow(
      "Invalid model",
    );
    expect(upstream.requests[0]?.authorization).toBe("Bearer key");
    expect(upstream.open()).toBe(0);
  });
});
