import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { readChunk } from "../../app/core/chunk.ts";
import { bytesOf, chunkOf } from "../support/frames.ts";
import { PLAIN_TESTS } from "../support/plain.ts";

/** Words that a chunk's own keys and values are made of, as an answer or a tool call may quote them. */
const hostileText = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '"usage"',
        '"usage":{"prompt_tokens":1}',
        '"finish_reason"',
        '"finish_reason":"stop"',
        '"finish_reason": null',
        '"error"',
        '{"error":{}}',
        "[DONE]",
        "\\",
        '\\"',
        '"',
        "\\u0022",
        "}",
        "null",
      ),
      fc.string({ unit: "grapheme", maxLength: 8 }),
    ),
    { maxLength: 4 },
  )
  .map((words) => words.join(""));

const delta = fc.oneof(
  hostileText.map((content) => ({ content })),
  hostileText.map((text) => ({
    content: null,
    tool_calls: [{ function: { name: text, arguments: text } }],
  })),
  hostileText.map((text) => ({
    content: [{ type: "thinking", thinking: [{ type: "text", text }] }],
  })),
);
const finish = fc.oneof(
  { weight: 12, arbitrary: fc.constant(null) },
  fc.constantFrom("stop", "length", "tool_calls", "error", ""),
);
const choice = fc.record(
  { index: fc.nat(3), delta, finish_reason: finish },
  { requiredKeys: ["delta"] },
);
/** Most chunks have nothing beside their choices; the rest has what must not be overlooked. */
const extra = fc.oneof(
  { weight: 12, arbitrary: fc.constant({}) },
  fc.record({ usage: fc.oneof(fc.constant(null), fc.record({ prompt_tokens: fc.nat() })) }),
  fc.record({
    error: fc.oneof(fc.constant(null), hostileText, fc.record({ message: hostileText })),
  }),
  fc.record({ object: fc.constant("error"), message: hostileText }),
  hostileText.map((detail) => ({ detail, choices: undefined })),
  hostileText.map((p) => ({ p })),
);
const chunk = fc
  .tuple(hostileText, fc.array(choice, { maxLength: 3 }), extra)
  .map(([id, choices, more]) => ({ id, choices, ...more }));
/** JSON as upstreams write it: compact, spaced, or with characters escaped that need not be. */
const written = fc.oneof(
  chunk.map((value) => JSON.stringify(value)),
  chunk.map((value) => JSON.stringify(value).replaceAll('":', '": ').replaceAll(',"', ', "')),
  chunk.map((value) =>
    JSON.stringify(value).replace(
      /(?<=[{,]")[a-z]/g,
      (letter) => `\\u00${letter.charCodeAt(0).toString(16)}`,
    ),
  ),
);

describe.each(PLAIN_TESTS)("whether events are plain, by %s", (_name, isPlain) => {
  test("never calls a text plain that holds a finish reason, a usage or an error", () => {
    let plain = 0;
    fc.assert(
      fc.property(fc.array(written, { minLength: 1, maxLength: 3 }), (texts) => {
        const facts = texts.map((text) => readChunk(text));
        if (!isPlain(bytesOf(texts.map((text) => `data: ${text}\n\n`).join("")))) return;
        plain += 1;
        for (const one of facts) {
          if (one !== undefined)
            expect(one).toEqual({ finished: [], usage: undefined, error: undefined });
        }
      }),
      { numRuns: 5000 },
    );
    // A function that always says no would prove nothing.
    expect(plain).toBeGreaterThan(50);
  });

  test("calls deltas plain whatever their content quotes", () => {
    fc.assert(
      fc.property(hostileText, (content) => {
        fc.pre(!/\\u00/.test(content));
        expect(isPlain(bytesOf(`data: ${chunkOf(content)}\n\n`))).toBe(true);
      }),
    );
  });

  test.each([
    ["a finish reason", chunkOf("", "stop")],
    ["a finish reason behind a space", '{"choices":[{"finish_reason": "stop"}]}'],
    [
      "a finish reason behind another that is null",
      '{"choices":[{"finish_reason":null},{"finish_reason":"stop"}]}',
    ],
    ["a usage", chunkOf("a", null, { usage: { prompt_tokens: 1 } })],
    ["an error frame", '{"object":"error","message":"no"}'],
    ["an error of another shape", '{"error":{"message":"no"}}'],
    ["an error that is a detail", '{"detail":"Unauthorized"}'],
    ["a usage under an escaped name", '{"choices":[],"\\u0075sage":{"prompt_tokens":1}}'],
    ["a finish reason under an escaped name", '{"choices":[{"finish\\u005freason":"stop"}]}'],
  ])("does not call %s plain", (_, data) => {
    expect(isPlain(bytesOf(`data: ${data}\n\n`))).toBe(false);
  });
});
