import { describe, expect, test } from "bun:test";
import { bytesOf, type Stretch } from "../../app/core/frame.ts";
import { USAGE } from "../support/frames.ts";
import { LONG, run, type Upstream } from "./fake-upstream.ts";

const answer = (finishReason: string) =>
  JSON.stringify({
    object: "chat.completion",
    choices: [
      { index: 0, message: { role: "assistant", content: "Hello" }, finish_reason: finishReason },
    ],
    usage: USAGE,
  });
const EMBEDDING = JSON.stringify({
  object: "list",
  data: [{ embedding: [0] }],
  usage: { prompt_tokens: 3, total_tokens: 3 },
});

describe("a relay of one answer without streaming", () => {
  test.each<[string, (u: Upstream) => void, string, RegExp | null]>([
    ["a whole answer", (u) => u.raw(answer("stop")).end(), "completed", null],
    [
      "in pieces",
      (u) => [...answer("length")].reduce((to, c) => to.raw(c), u).end(),
      "completed",
      null,
    ],
    ["without choices", (u) => u.raw(EMBEDDING).end(), "completed", null],
    ["model_length", (u) => u.raw(answer("model_length")).end(), "completed", null],
    [
      "finish reason error",
      (u) => u.raw(answer("error")).end(),
      "upstream_failed",
      /finish_reason "error"/,
    ],
    [
      "an error under 200",
      (u) => u.raw('{"error":{"message":"no"}}').end(),
      "upstream_failed",
      /Upstream failed: no/,
    ],
    [
      "a clean end in the middle",
      (u) => u.raw(answer("stop").slice(0, -9)).end(),
      "upstream_failed",
      /no JSON object/,
    ],
    ["nothing", (u) => u.end(), "upstream_failed", /no JSON object/],
    ["a page", (u) => u.raw("<html>").end(), "upstream_failed", /no JSON object/],
    ["a cut", (u) => u.raw("{").cutSoon(), "upstream_failed", /connection broke/],
    [
      "too much",
      (u) => u.raw(" ".repeat(2 ** 20 + 1)),
      "upstream_failed",
      /more than 1048576 bytes/,
    ],
  ])("%s", async (_, play, outcome, message) => {
    const running = run({
      kind: "answer",
      deadlines: { ...LONG, firstEventMs: Infinity, idleMs: Infinity },
    });
    play(running.upstream);
    const end = await running.relay.ended;
    expect(end.outcome).toBe(outcome as typeof end.outcome);
    expect(running.settled).toEqual([end]);
    if (message !== null) expect(end.failure?.fault.message).toMatch(message);
    else expect(end.failure).toBeUndefined();
    expect(running.log.lastSeq()).toBe(
      message === null || outcome === "completed" || _ === "finish reason error" ? 1 : 0,
    );
  });

  test("tells usage and finish reason", async () => {
    const running = run({ kind: "answer" });
    running.upstream.raw(answer("tool_calls"));
    running.upstream.end();
    const end = await running.relay.ended;
    expect([end.finishReason, end.usage?.total_tokens]).toEqual(["tool_calls", USAGE.total_tokens]);
  });

  test("is the very bytes that came", async () => {
    const running = run({ kind: "answer" });
    const text = `\n  ${answer("stop")}\n`;
    running.upstream.raw(text);
    running.upstream.end();
    await running.relay.ended;
    const reader = running.log.join(0);
    if (typeof reader === "string") throw new Error(reader);
    expect(new TextDecoder().decode(bytesOf(reader.take() as Stretch))).toBe(text);
  });
});
