import { describe, expect, test } from "bun:test";
import { CHAT } from "../../app/upstream/simulated/fields.ts";
import { CLOCK, AFTER_CALL, simulated, post, chat, ask } from "./simulated-requests.ts";

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
