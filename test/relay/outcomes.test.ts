import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chunkOf, USAGE } from "../support/frames.ts";
import { run, type Upstream } from "./fake-upstream.ts";

const unhandled: unknown[] = [];
const note = (reason: unknown) => unhandled.push(reason);
beforeAll(() => void process.on("unhandledRejection", note));
afterAll(async () => {
  await Bun.sleep(20);
  process.off("unhandledRejection", note);
  expect(unhandled).toEqual([]);
});

const A = chunkOf("a");
const STOP = chunkOf("", "stop", { usage: USAGE });
const STOPPED = `data: ${STOP}\n\n`;
const BAD = chunkOf("", "error");
const ERROR = '{"object":"error","message":"overheated"}';
/** A chunk that was cut where a brace ends, and one that was cut elsewhere. */
const CUT_BRACE = A.slice(0, A.indexOf("}") + 1);
const CUT = A.slice(0, 50);

type Play = (upstream: Upstream) => void;

/** Plays upstream to a relay, and checks what holds of every end. */
async function endOf(play: Play, data: string[]) {
  const running = run();
  play(running.upstream);
  const end = await running.relay.ended;
  expect(running.data()).toEqual(data);
  expect(running.log.end()).toBe(end);
  expect(running.settled).toEqual([end]);
  expect(running.firstEvents()).toBe(data.length > 0 ? 1 : 0);
  expect(running.reports).toEqual([data.length > 0]);
  return end;
}

describe("an answer is whole", () => {
  test.each<[what: string, play: Play, data: string[], done: boolean]>([
    ["as it should be", (u) => u.send(A, STOP, "[DONE]").end(), [A, STOP], true],
    ["in packets", (u) => u.send(A).send(STOP).send("[DONE]"), [A, STOP], true],
    ["without [DONE]", (u) => u.send(A, STOP).end(), [A, STOP], false],
    ["cut behind the finish reason", (u) => u.send(A, STOP).cutSoon(), [A, STOP], false],
    ["without the last blank line", (u) => u.send(A).raw(`data: ${STOP}`).end(), [A, STOP], false],
    ["ending in one LF", (u) => u.raw(`data: ${STOP}\n`).end(), [STOP], false],
    ["ending in one CR", (u) => u.raw(`data: ${STOP}\r`).end(), [STOP], false],
    ["ending with an id", (u) => u.raw(`id: evil.1\ndata: ${STOP}`).end(), [STOP], false],
    ["ending with [DONE] alone", (u) => u.raw(`${STOPPED}data: [DONE]`).end(), [STOP], true],
    ["ending with a comment", (u) => u.raw(`${STOPPED}: bye`).end(), [STOP], false],
    ["with more behind [DONE]", (u) => u.send(STOP, "[DONE]", A), [STOP], true],
  ])("%s", async (_, play, data, done) => {
    expect(await endOf(play, data)).toMatchObject({
      outcome: "completed",
      failure: undefined,
      done,
    });
  });
});

describe("an answer is broken off by", () => {
  const connection = /connection broke before the end/;
  const unfinished = /ended the answer without a finish_reason/;
  test.each<[what: string, play: Play, data: string[], message: RegExp]>([
    ["a cut at once", (u) => u.cut(), [], connection],
    ["a cut in mid-stream", (u) => u.send(A).cutSoon(), [A], connection],
    ["a clean end at once", (u) => u.end(), [], unfinished],
    ["a clean end in mid-stream", (u) => u.send(A).end(), [A], unfinished],
    ["a clean end in mid-event", (u) => u.send(A).raw(`data: ${CUT}`).end(), [A], /no JSON/],
    ["one behind a brace", (u) => u.send(A).raw(`data: ${CUT_BRACE}`).end(), [A], /no JSON/],
    ["[DONE] at once", (u) => u.send("[DONE]"), [], unfinished],
    ["[DONE] without a finish reason", (u) => u.send(A, "[DONE]"), [A], unfinished],
    ["an error frame at once", (u) => u.send(ERROR), [], /broke the answer off: overheated/],
    ["an error frame in mid-stream", (u) => u.send(A, ERROR, A), [A], /overheated/],
    ["finish reason error", (u) => u.send(A, BAD, "[DONE]"), [A, BAD], /finish_reason "error"/],
    ["an event that is no JSON", (u) => u.send(A, "<html>"), [A], /no JSON/],
    ["comments alone", (u) => u.raw(": ping\n\n: ping\n\n").end(), [], unfinished],
    ["a long event", (u) => u.send(chunkOf("x".repeat(2 ** 20))), [], /more than 1048576 bytes/],
  ])("%s", async (_, play, data, message) => {
    const { outcome, failure } = await endOf(play, data);
    expect([outcome, failure?.fault.code]).toEqual(["upstream_failed", "upstream_failed"]);
    expect(failure?.fault.message).toMatch(message);
    expect(failure?.fault.retryable).toBe(true);
  });
});
