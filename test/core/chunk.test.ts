import { describe, expect, test } from "bun:test";
import { errorOf, readChunk } from "../../app/core/chunk.ts";
import { dataOf } from "../../app/core/encode.ts";
import { chunkOf } from "../support/frames.ts";

describe("readChunk", () => {
  test.each([
    ["not JSON", "{", undefined],
    ["an array", "[]", undefined],
    ["a number", "1", undefined],
    ["a delta", chunkOf("a"), { finished: [], usage: undefined, error: undefined }],
    [
      "a finish",
      chunkOf("", "stop"),
      { finished: [[0, "stop"]], usage: undefined, error: undefined },
    ],
    [
      "a finish of choice 2",
      chunkOf("", "length", {}, 2),
      { finished: [[2, "length"]], usage: undefined, error: undefined },
    ],
    [
      "a usage of null",
      chunkOf("", null, { usage: null }),
      { finished: [], usage: undefined, error: undefined },
    ],
    ["no choices", '{"choices":[]}', { finished: [], usage: undefined, error: undefined }],
    [
      "an error of null",
      chunkOf("a", null, { error: null }),
      { finished: [], usage: undefined, error: undefined },
    ],
  ])("reads %s", (_, data, facts) => {
    expect(readChunk(data)).toEqual(facts as ReturnType<typeof readChunk>);
  });

  test.each([
    [
      { object: "error", message: "Rate limit exceeded", type: "rate_limited", code: "1300" },
      "Rate limit exceeded",
    ],
    [{ object: "error", message: { detail: [{ msg: "bad" }] } }, '{"detail":[{"msg":"bad"}]}'],
    [{ object: "error" }, "Upstream gave no reason."],
    [{ detail: "Unauthorized" }, "Unauthorized"],
    [{ error: { message: "no" } }, "no"],
    [{ error: "no" }, "no"],
    [{ error: {} }, "Upstream gave no reason."],
    [{ choices: [], detail: "of an answer" }, undefined],
    [{ choices: [] }, undefined],
  ])("reads upstream's words out of %j", (body, message) => {
    expect(errorOf(body)).toBe(message as string);
  });

  test("reads the data of any event of several lines as one JSON text", () => {
    expect(readChunk(dataOf('data: {"choices":\ndata: []}\n\n'))?.finished).toEqual([]);
  });
});
