import { describe, expect, test } from "bun:test";
import { chunkOf, USAGE } from "../support/frames.ts";
import { run } from "./fake-upstream.ts";

const A = chunkOf("a");
const STOP = chunkOf("", "stop", { usage: USAGE });
const ERROR = '{"object":"error","message":"overheated"}';

describe("a relay", () => {
  test("tells finish reason, usage and the choices that are missing", async () => {
    const running = run({ choices: 3 });
    running.upstream.send(chunkOf("", "stop", { usage: USAGE }, 1), chunkOf("a", null, {}, 0));
    running.upstream.end();
    const end = await running.relay.ended;
    expect(end).toMatchObject({
      outcome: "upstream_failed",
      finishReason: "stop",
      unfinished: [0, 2],
    });
    expect(end.usage).toMatchObject(USAGE);
  });

  test("is whole only with every choice finished", async () => {
    const running = run({ choices: 2 });
    running.upstream.send(chunkOf("", "stop", {}, 1), chunkOf("", "length", {}, 0), "[DONE]");
    expect(await running.relay.ended).toMatchObject({
      outcome: "completed",
      finishReason: "length",
      unfinished: [],
    });
  });

  test("settles before its readers are told", async () => {
    const endsSeen: unknown[] = [];
    const running = run({ onSettle: (log) => endsSeen.push(log.end()) });
    running.upstream.send(STOP, "[DONE]");
    await running.relay.ended;
    expect(endsSeen).toEqual([undefined]);
  });

  test("tells the breaker of the first event when it comes, not at the end", async () => {
    const running = run();
    running.upstream.send(A);
    await Bun.sleep(5);
    expect(running.reports).toEqual([true]);
    running.upstream.cut();
    await running.relay.ended;
    expect(running.reports).toEqual([true]);
  });

  test("lets upstream end its body after [DONE], and cancels one that does not", async () => {
    const ends = run();
    ends.upstream.send(STOP, "[DONE]");
    await ends.relay.ended;
    ends.upstream.end();
    const stays = run();
    stays.upstream.send(STOP, "[DONE]");
    await stays.relay.ended;
    await Bun.sleep(1100);
    expect([ends.upstream.isCancelled(), stays.upstream.isCancelled()]).toEqual([false, true]);
  });

  test("cancels an upstream whose answer it gave up", async () => {
    const running = run();
    running.upstream.send(ERROR);
    await running.relay.ended;
    expect(running.upstream.isCancelled()).toBe(true);
  });

  test("shows no more of an error frame than fits a message", async () => {
    const running = run();
    running.upstream.send(JSON.stringify({ error: { message: "x".repeat(100_000) } }));
    const end = await running.relay.ended;
    expect(end.failure?.fault.message.length).toBeLessThan(2100);
  });
});
