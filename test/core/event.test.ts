import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createSplitter } from "../../app/core/event.ts";
import { concat, type Frame } from "../../app/core/frame.ts";
import { bytesOf, textsOf } from "../support/frames.ts";
import { parseEvents } from "../support/sse.ts";

const MAX = 1_000_000;

/** Words of every length in UTF-8, without line ends. */
const word = fc
  .string({ unit: "binary", maxLength: 12 })
  .map((text) => text.replace(/[\r\n\ud800-\udfff]/g, "é🜁"));
const line = fc.oneof(
  { weight: 6, arbitrary: word.map((text) => `data: ${text}`) },
  { weight: 4, arbitrary: fc.constant("") },
  word.map((text) => `data:${text}`),
  fc.constantFrom(
    "data",
    "data:",
    "data: ",
    "datax: 1",
    "dat",
    "id: 7",
    "id",
    "event: ping",
    "retry: 1",
    ":",
    ": ping",
  ),
  word.map((text) => `: ${text}`),
  word.map((text) => `x${text}`),
);
const stream = fc
  .tuple(
    fc.boolean(),
    fc.array(fc.tuple(line, fc.constantFrom("\n", "\r\n", "\r")), { maxLength: 40 }),
  )
  .map(([hasBom, lines]) =>
    bytesOf((hasBom ? "\uFEFF" : "") + lines.map((parts) => parts.join("")).join("")),
  );
const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 30 });

function pushAll(pieces: readonly Uint8Array<ArrayBuffer>[]): {
  frames: Frame[];
  rest: Uint8Array;
} {
  const splitter = createSplitter(MAX);
  const frames = pieces.flatMap((piece) => splitter.push(piece));
  return { frames, rest: splitter.rest() };
}

function cut(bytes: Uint8Array<ArrayBuffer>, shares: readonly number[]): Uint8Array<ArrayBuffer>[] {
  const places = [
    0,
    ...shares.map((share) => Math.floor(share * bytes.length)).sort((a, b) => a - b),
    bytes.length,
  ];
  return places.slice(1).map((end, i) => bytes.slice(places[i], end));
}

const joined = (frames: readonly Frame[]) =>
  concat(
    frames.map((f) => f.bytes),
    frames.reduce((sum, f) => sum + f.bytes.length, 0),
  );

describe("the event splitter", () => {
  test("gives the same events and the same rest for any split of the bytes", () => {
    fc.assert(
      fc.property(stream, cuts, (bytes, shares) => {
        const whole = pushAll([bytes]);
        const split = pushAll(cut(bytes, shares));
        expect(split.frames.flatMap(textsOf)).toEqual(whole.frames.flatMap(textsOf));
        expect(split.rest).toEqual(whole.rest);
      }),
      { numRuns: 2000 },
    );
  });

  test("gives the same events when every byte comes alone", () => {
    fc.assert(
      fc.property(stream, (bytes) => {
        const single = pushAll(Array.from(bytes, (byte) => Uint8Array.of(byte)));
        expect(single.frames.flatMap(textsOf)).toEqual(pushAll([bytes]).frames.flatMap(textsOf));
      }),
      { numRuns: 500 },
    );
  });

  test("keeps the data that a parser of the standard reads, event by event", () => {
    fc.assert(
      fc.property(stream, cuts, (bytes, shares) => {
        const { frames } = pushAll(cut(bytes, shares));
        const expected = parseEvents(bytes).map((event) => event.data);
        expect(parseEvents(joined(frames)).map((event) => event.data)).toEqual(expected);
        expect(frames.flatMap((frame) => frame.ends)).toHaveLength(expected.length);
      }),
      { numRuns: 2000 },
    );
  });

  test("passes on nothing but data lines and blank lines, each ending in LF", () => {
    fc.assert(
      fc.property(stream, cuts, (bytes, shares) => {
        for (const event of pushAll(cut(bytes, shares)).frames.flatMap(textsOf)) {
          expect(event).toMatch(/^(data(:[^\n\r]*)?\n)+\n$/);
        }
      }),
      { numRuns: 500 },
    );
  });

  test("passes events of data lines byte for byte", () => {
    const event = fc
      .array(word, { minLength: 1, maxLength: 3 })
      .map((words) => words.map((w) => `data: ${w}\n`).join(""));
    fc.assert(
      fc.property(fc.array(event, { maxLength: 10 }), cuts, (events, shares) => {
        const bytes = bytesOf(events.map((one) => `${one}\n`).join(""));
        const { frames, rest } = pushAll(cut(bytes, shares));
        expect(joined(frames)).toEqual(bytes);
        expect(rest).toHaveLength(0);
      }),
    );
  });

  test.each([
    ["LF", "data: a\n\ndata: b\n\n", ["data: a\n\n", "data: b\n\n"], ""],
    ["CRLF", "data: a\r\n\r\n", ["data: a\n\n"], ""],
    ["CR, without waiting for the byte behind it", "data: a\r\r", ["data: a\n\n"], ""],
    [
      "ids, names and retries of upstream's",
      "id: 1\nevent: x\nretry: 5\ndata: a\n\n",
      ["data: a\n\n"],
      "",
    ],
    ["a comment of its own", ": ping\n\ndata: a\n\n", ["data: a\n\n"], ""],
    ["a comment inside an event", "data: a\n: ping\ndata: b\n\n", ["data: a\ndata: b\n\n"], ""],
    ["a blank line too many", "\n\ndata: a\n\n\n\n", ["data: a\n\n"], ""],
    ["a data line without a colon", "data\n\n", ["data\n\n"], ""],
    ["a name that only begins as data does", "database: x\n\n", [], ""],
    ["an unfinished event", "data: a\n\ndata: b\n", ["data: a\n\n"], "data: b\n"],
    ["a byte order mark", "\uFEFFdata: a\n\n", ["data: a\n\n"], ""],
  ])("reads %s", (_, text, events, rest) => {
    const { frames, rest: left } = pushAll([bytesOf(text)]);
    expect(frames.flatMap(textsOf)).toEqual(events);
    expect(new TextDecoder().decode(left)).toBe(rest);
  });

  test("copies of a read no more than the event that an earlier one began", () => {
    const splitter = createSplitter(MAX);
    splitter.push(bytesOf("data: "));
    const read = bytesOf("one\n\ndata: two\n\ndata: three\n\ndata: f");
    const frames = splitter.push(read);
    expect(frames.map(textsOf)).toEqual([["data: one\n\n"], ["data: two\n\n", "data: three\n\n"]]);
    expect(frames[1]?.bytes.buffer).toBe(read.buffer);
  });

  test("does not change a frame that was given out when more is pushed", () => {
    const splitter = createSplitter(MAX);
    splitter.push(bytesOf("data: "));
    const [first] = splitter.push(bytesOf("one\n\ndata: tw")) as [Frame];
    const before = textsOf(first);
    splitter.push(bytesOf("o\n\ndata: three\n\n"));
    expect(textsOf(first)).toEqual(before);
  });
});
