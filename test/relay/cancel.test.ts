import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { failure } from "../../app/core/fault.ts";
import type { Opened } from "../../app/upstream/transport.ts";
import { chunkOf } from "../support/frames.ts";
import { joined } from "../support/logs.ts";
import { run } from "./fake-upstream.ts";

const unhandled: unknown[] = [];
const note = (reason: unknown) => unhandled.push(reason);
beforeAll(() => void process.on("unhandledRejection", note));
afterAll(async () => {
  await Bun.sleep(20);
  process.off("unhandledRejection", note);
  expect(unhandled).toEqual([]);
});

const gone = failure("client_gone", "Nobody was left to read.");
const A = chunkOf("a");

describe("cancelling a relay", () => {
  test("in mid-read ends it at once, with that reason, and cancels upstream", async () => {
    const running = run();
    running.upstream.send(A);
    await Bun.sleep(5);
    const started = performance.now();
    running.relay.cancel(gone);
    const end = await running.relay.ended;
    expect(performance.now() - started).toBeLessThan(50);
    expect([end.outcome, end.failure]).toEqual(["client_gone", gone]);
    expect([running.upstream.isCancelled(), running.signal()?.aborted]).toEqual([true, true]);
    expect(running.settled).toHaveLength(1);
  });

  test("before upstream answered ends the asking, and an answer that comes anyway is not read", async () => {
    const answered = Promise.withResolvers<Opened>();
    const reports: boolean[] = [];
    const running = run({ open: () => answered.promise });
    running.relay.cancel(gone);
    expect(running.signal()?.aborted).toBe(true);
    answered.resolve({
      response: running.upstream.response,
      report: (gotEvent) => reports.push(gotEvent),
    });
    expect((await running.relay.ended).outcome).toBe("client_gone");
    expect(running.upstream.isCancelled()).toBe(true);
    // A client that left says nothing about upstream.
    expect(reports).toEqual([true]);
  });

  test("keeps its reason when the asking fails because of it", async () => {
    const running = run({
      open: (signal) =>
        new Promise((resolve) => {
          signal.addEventListener("abort", () =>
            resolve({ failure: failure("upstream_failed", "aborted") }),
          );
        }),
    });
    running.relay.cancel(gone);
    expect((await running.relay.ended).failure).toBe(gone);
  });

  test("keeps the first of several reasons, and is no news after the end", async () => {
    const running = run();
    running.relay.cancel(gone);
    running.relay.cancel(failure("drained", "later"));
    expect((await running.relay.ended).outcome).toBe("client_gone");
    running.relay.cancel(failure("drained", "later"));
    expect(running.log.end()?.outcome).toBe("client_gone");
    expect(running.settled).toHaveLength(1);
  });

  test("behind the finish reason leaves the answer whole", async () => {
    const running = run();
    running.upstream.send(chunkOf("", "stop"));
    await Bun.sleep(5);
    running.relay.cancel(gone);
    expect((await running.relay.ended).outcome).toBe("completed");
  });

  test("while it waits for its readers ends it at once", async () => {
    const running = run({ maxEventBytes: 2 ** 22 });
    joined(running.log);
    running.upstream.send(chunkOf("x".repeat(2 ** 21)));
    running.upstream.send(A);
    await Bun.sleep(20);
    expect(running.log.lastSeq()).toBe(1);
    running.relay.cancel(gone);
    expect((await running.relay.ended).outcome).toBe("client_gone");
  });

  test("ends a body whose cancel never resolves, too", async () => {
    const body = new ReadableStream({ cancel: () => new Promise(() => {}) });
    const running = run({ open: async () => ({ response: new Response(body), report() {} }) });
    await Bun.sleep(5);
    running.relay.cancel(gone);
    expect((await running.relay.ended).outcome).toBe("client_gone");
  });

  test.each([
    ["rejects", () => Promise.reject(new Error("a defect"))],
    [
      "throws",
      () => {
        throw new Error("a defect");
      },
    ],
  ])("an asking that %s ends as a failure", async (_, open) => {
    expect((await run({ open }).relay.ended).outcome).toBe("upstream_failed");
  });

  test("an answer without a body ends as a failure", async () => {
    const running = run({ open: async () => ({ response: new Response(null), report() {} }) });
    expect((await running.relay.ended).outcome).toBe("upstream_failed");
  });
});
