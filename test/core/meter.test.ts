import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import type { Usage } from "../../app/core/chunk.ts";
import { createMeter as createMeterWith } from "../../app/core/meter.ts";
import { bytesOf, chunkOf, frameOf, USAGE } from "../support/frames.ts";
import { PLAIN_TESTS } from "../support/plain.ts";

/** Streams recorded from the live API; they are not part of this repository (see its README). */
const RECORDED = new URL("../../../shared/reference/recorded/", import.meta.url).pathname;

describe.each(PLAIN_TESTS)("the meter, by %s", (_name, isPlain) => {
  const createMeter = (choices: number) => createMeterWith(choices, isPlain);

  test("takes a single answer's finish reason and usage", () => {
    const meter = createMeter(1);
    expect(meter.unfinished()).toEqual([0]);
    expect(meter.read(frameOf(chunkOf("a"), chunkOf("b")))).toEqual({
      keep: 2,
      done: false,
      error: undefined,
    });
    expect(meter.finishReason()).toBeNull();
    meter.read(frameOf(chunkOf("", "stop", { usage: USAGE })));
    expect(meter.unfinished()).toEqual([]);
    expect(meter.finishReason()).toBe("stop");
    expect(meter.usage()).toEqual(USAGE as Usage);
    expect(meter.endedInError()).toBe(false);
  });

  test.each([1, 2, 5])("waits for each of %d choices, in any order, whatever the split", (n) => {
    const indices = Array.from({ length: n }, (_, i) => i);
    fc.assert(
      fc.property(
        fc.shuffledSubarray(indices, { minLength: 0 }),
        fc.boolean(),
        (ended, isOneFrame) => {
          const meter = createMeter(n);
          const chunks = ended.map((index) => chunkOf("", `end${index}`, {}, index));
          if (!isOneFrame) for (const one of chunks) meter.read(frameOf(one));
          else if (chunks.length > 0) meter.read(frameOf(...chunks));
          expect(meter.unfinished()).toEqual(indices.filter((index) => !ended.includes(index)));
          expect(meter.finishReason()).toBe(ended.length === 0 ? null : `end${Math.min(...ended)}`);
        },
      ),
    );
  });

  test("counts the last usage, also behind an empty list of choices, and lets null pass", () => {
    const meter = createMeter(1);
    meter.read(frameOf(chunkOf("a", null, { usage: { total_tokens: 2 } })));
    meter.read(frameOf(chunkOf("", "stop", { usage: null })));
    meter.read(frameOf(JSON.stringify({ choices: [], usage: USAGE })));
    expect(meter.usage()).toEqual(USAGE as Usage);
  });

  test.each([
    ["[DONE]", [chunkOf("a"), "[DONE]", chunkOf("b")], { keep: 1, done: true, error: undefined }],
    [
      "[DONE] behind a space",
      [chunkOf("a"), " [DONE] "],
      { keep: 1, done: true, error: undefined },
    ],
    [
      "an error frame",
      [chunkOf("a"), '{"error":{"message":"no"}}', chunkOf("b")],
      { keep: 1, done: false, error: "no" },
    ],
    [
      "an error that is a detail",
      ['{"detail":"Unauthorized"}'],
      { keep: 0, done: false, error: "Unauthorized" },
    ],
    [
      "what is no JSON",
      [chunkOf("a"), "{"],
      { keep: 1, done: false, error: "It sent an event that is no JSON." },
    ],
  ])("keeps what comes before %s, and nothing behind it", (_, data, reading) => {
    expect(createMeter(1).read(frameOf(...data))).toEqual(reading);
  });

  test("reads of a frame what parsing every event of it reads", () => {
    const data = fc.oneof(
      { weight: 8, arbitrary: fc.constant(chunkOf("a")) },
      fc.nat(3).map((index) => chunkOf("", `end${index}`, {}, index)),
      fc.nat().map((total_tokens) => chunkOf("a", null, { usage: { total_tokens } })),
      fc.constantFrom("[DONE]", "{", '{"error":"no"}', '{"choices":[]}'),
    );
    fc.assert(
      fc.property(fc.array(data, { minLength: 1, maxLength: 40 }), (all) => {
        const [quick, thorough] = [createMeter(4), createMeter(4)];
        const frame = frameOf(...all);
        expect(quick.read(frame)).toEqual(thorough.readInFull(frame));
        expect(quick.unfinished()).toEqual(thorough.unfinished());
        expect(quick.finishReason()).toBe(thorough.finishReason());
        expect(quick.usage()).toEqual(thorough.usage());
        expect(quick.countedTokens()).toBe(thorough.countedTokens());
      }),
      { numRuns: 1000 },
    );
  });

  test("reads in full what may be cut behind a brace", () => {
    const reading = createMeter(1).readInFull(frameOf(chunkOf("a"), '{"choices":[{}'));
    expect(reading).toEqual({ keep: 1, done: false, error: "It sent an event that is no JSON." });
  });

  test("tells an answer that ended in error", () => {
    const meter = createMeter(2);
    meter.read(frameOf(chunkOf("", "stop", {}, 0), chunkOf("", "error", {}, 1)));
    expect(meter.endedInError()).toBe(true);
    expect(meter.unfinished()).toEqual([]);
  });

  test("counts about one token a small chunk, and long chunks by their length", () => {
    const meter = createMeter(1);
    for (let i = 0; i < 10; i++) meter.read(frameOf(chunkOf("word")));
    expect(meter.countedTokens()).toBe(10);
    meter.read(frameOf(chunkOf("x".repeat(4000))));
    expect(meter.countedTokens()).toBeGreaterThan(900);
    expect(meter.countedTokens()).toBeLessThan(1100);
  });

  test("reads a whole answer", () => {
    const meter = createMeter(1);
    const message = { role: "assistant", content: "Hello" };
    const answer = {
      object: "chat.completion",
      choices: [{ index: 0, message, finish_reason: "stop" }],
      usage: USAGE,
    };
    expect(meter.readAnswer(bytesOf(JSON.stringify(answer)))?.error).toBeUndefined();
    expect([meter.finishReason(), meter.usage()]).toEqual(["stop", USAGE]);
    expect(meter.readAnswer(bytesOf("<html>"))).toBeUndefined();
  });
});

const recordings = existsSync(RECORDED)
  ? readdirSync(RECORDED).filter((name) => name.endsWith(".chunks.txt"))
  : [];
describe.skipIf(recordings.length === 0).each(PLAIN_TESTS)(
  "recorded streams, by %s",
  (_name, isPlain) => {
    test.each(recordings)("%s: the meter says what its chunks say", (name) => {
      const lines = readFileSync(RECORDED + name, "utf8")
        .split("\n")
        .filter((line) => line.trim() !== "");
      const meter = createMeterWith(1, isPlain);
      for (const line of lines) expect(meter.read(frameOf(line)).error).toBeUndefined();
      const chunks = lines.map((line) => JSON.parse(line));
      const reasons = chunks.flatMap((c) =>
        c.choices.map((one: { finish_reason: string }) => one.finish_reason),
      );
      expect(meter.finishReason()).toBe(reasons.filter((reason) => reason !== null).at(-1));
      expect(meter.usage()).toEqual(
        chunks
          .map((c) => c.usage)
          .filter((usage) => usage)
          .at(-1),
      );
      expect(meter.unfinished()).toEqual([]);
    });
  },
);
