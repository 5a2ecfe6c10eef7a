import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  CHAT_HEARTBEAT,
  DONE_EVENT,
  DRAINING_RETRY,
  dataOf,
  encodeDone,
  encodeErrorChunk,
  encodeFault,
  encodePreamble,
  encodeWithIds,
  idPrefix,
  STREAM_HEARTBEAT,
} from "../../app/core/encode.ts";
import { concat, type Frame, type Stretch } from "../../app/core/frame.ts";
import { Fault, failure } from "../../app/core/fault.ts";
import { bytesOf, frameOf } from "../support/frames.ts";
import { parseEvents, parseSse } from "../support/sse.ts";

const utf8 = new TextDecoder();
const about = { streamId: "s1", model: "mistral-small-latest", createdSeconds: 1, requestId: "r1" };
const hostile = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom(
    "a\n\nid: evil.9\ndata: x",
    "\r\rdata: [DONE]\r\r",
    '"}\n\n',
    "\u2028\u2029",
    "\u0000",
    "\uFEFF",
  ),
);

/** A frame from one of its events on. */
const stretchOf = (frame: Frame, seq: number, from = 0): Stretch => {
  return { ...frame, from, to: frame.ends.length, seq };
};

describe("ids", () => {
  test("are dense, one an event, from the given seq on, and leave the data alone", () => {
    const data = fc.array(fc.json(), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(data, fc.nat(), fc.nat(1000), (texts, at, seq) => {
        const skip = at % texts.length;
        const events = parseEvents(
          encodeWithIds(stretchOf(frameOf(...texts), seq + 1, skip), idPrefix("s-1_Z")),
        );
        expect(events.map((event) => event.data)).toEqual(texts.slice(skip));
        expect(events.map((event) => event.id as string)).toEqual(
          texts.slice(skip).map((_, i) => `s-1_Z.${seq + 1 + i}`),
        );
      }),
    );
  });

  test("give the same bytes for a frame as for its events one by one", () => {
    const frame = frameOf("1", "2", "3");
    const apart = [1, 2, 3].map((n) =>
      encodeWithIds(stretchOf(frameOf(String(n)), n), idPrefix("s")),
    );
    expect(encodeWithIds(stretchOf(frame, 1), idPrefix("s"))).toEqual(
      concat(
        apart,
        apart.reduce((sum, one) => sum + one.length, 0),
      ),
    );
  });
});

describe("what is added to a stream", () => {
  test.each([
    [
      "the preamble",
      encodePreamble("abc"),
      [{ id: "abc.0", retry: 2000, data: "", isEvent: false }],
    ],
    ["the retry of a drain", DRAINING_RETRY, [{ retry: 1000, data: "", isEvent: false }]],
    ["a heartbeat of /stream", STREAM_HEARTBEAT, [{ comment: "ping", data: "", isEvent: false }]],
    ["the end of /v1", DONE_EVENT, [{ data: "[DONE]", isEvent: true }]],
  ])("%s reads as the standard says", (_, bytes, blocks) => {
    expect(parseSse(bytes)).toEqual(blocks);
  });

  test("a heartbeat of /v1 is one comment line without a blank one, and merges into what follows", () => {
    expect(utf8.decode(CHAT_HEARTBEAT)).toBe(": ping\n");
    const bytes = concat([CHAT_HEARTBEAT, bytesOf("data: 1\n\n")], CHAT_HEARTBEAT.length + 9);
    expect(parseEvents(bytes).map((event) => event.data)).toEqual(["1"]);
  });
});

describe("endings", () => {
  test("a fault is one event with its id, whatever its message holds", () => {
    fc.assert(
      fc.property(hostile, (message) => {
        const blocks = parseSse(encodeFault("s.3", new Fault("upstream_failed", message)));
        expect(blocks).toHaveLength(1);
        expect(blocks[0]).toMatchObject({ id: "s.3", event: "fault", isEvent: true });
        expect(JSON.parse(blocks[0]?.data ?? "")).toEqual({
          code: "upstream_failed",
          message: message,
          retryable: true,
        });
      }),
    );
  });

  test("done is one event with its id, whatever finish reason and usage hold", () => {
    fc.assert(
      fc.property(hostile, fc.dictionary(hostile, hostile), (finishReason, usage) => {
        const blocks = parseSse(encodeDone("s", 4, { finishReason, usage }));
        expect(blocks).toHaveLength(1);
        expect(blocks[0]).toMatchObject({ id: "s.4", event: "done" });
        const data = { finish_reason: finishReason, usage, stream_id: "s" };
        expect(blocks[0]?.data).toBe(JSON.stringify(data));
      }),
    );
  });

  test("done without usage says null", () => {
    const [done] = parseEvents(encodeDone("s", 1, { finishReason: null, usage: null }));
    expect(JSON.parse(done?.data ?? "")).toEqual({
      finish_reason: null,
      usage: null,
      stream_id: "s",
    });
  });

  test("an error chunk is one event and a legal chunk with an error, whatever the message holds", () => {
    fc.assert(
      fc.property(
        hostile,
        hostile,
        fc.uniqueArray(fc.nat(127), { maxLength: 4 }),
        (message, model, unfinished) => {
          const { fault } = failure("upstream_failed", message);
          const events = parseSse(encodeErrorChunk({ ...about, model }, unfinished, fault));
          expect(events).toHaveLength(1);
          const chunk = JSON.parse(events[0]?.data ?? "");
          expect(chunk).toMatchObject({ id: "s1", object: "chat.completion.chunk", created: 1 });
          expect(chunk.choices).toEqual(
            unfinished.map((index) => ({ index, delta: { content: "" }, finish_reason: "error" })),
          );
          expect(chunk.error).toEqual({
            message: JSON.parse(JSON.stringify(message)),
            type: "upstream_error",
            param: null,
            code: "upstream_failed",
            request_id: "r1",
          });
        },
      ),
    );
  });
});

test.each([
  ["data: a\n\n", "a"],
  ["data:a\n\n", "a"],
  ["data:  a\n\n", " a"],
  ["data: a\ndata: b\n\n", "a\nb"],
  ["id: 1\ndata: a\nevent: x\n\n", "a"],
  [": data: no\n\n", ""],
])("the data of %j is %j", (event, data) => {
  expect(dataOf(event)).toBe(data);
});
