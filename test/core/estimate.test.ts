import { describe, expect, test } from "bun:test";
import { estimateContent, estimateMessages, estimateText } from "../../app/core/estimate.ts";

describe("the estimate of a prompt", () => {
  test.each([
    ["", 0],
    ["a", 1],
    ["abcd", 1],
    ["abcde", 2],
  ])("counts %j as %d tokens", (text, tokens) => {
    expect(estimateText(text)).toBe(tokens);
  });

  test.each([
    ["a text", "abcdefgh", 2],
    ["a list of texts", ["abcd", "abcd"], 2],
    ["text parts", [{ type: "text", text: "abcd" }], 1],
    ["an image", [{ type: "image_url", image_url: "data:..." }], 1024],
    ["nothing", undefined, 0],
    ["null", null, 0],
    ["what is no part at all", [null, 7], 2048],
  ])("counts %s", (_, content, tokens) => {
    expect(estimateContent(content)).toBe(tokens);
  });

  test.each([
    ["no list", "hello", 0],
    ["one message", [{ role: "user", content: "abcd" }], 5],
    ["a message without content", [{ role: "assistant", content: null }], 4],
    ["what is no message", [null, 1, "x"], 0],
  ])("counts messages: %s", (_, messages, tokens) => {
    expect(estimateMessages(messages)).toBe(tokens);
  });
});
