import { describe, expect, test } from "bun:test";
import { fill } from "../../app/upstream/simulated/schema.ts";
import { seeded } from "../../app/upstream/simulated/words.ts";
import {
  WEATHER,
  CLOCK,
  AFTER_CALL,
  chat,
  ask,
  streamed,
  chunksOf,
  contentOf,
} from "./simulated-requests.ts";

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
