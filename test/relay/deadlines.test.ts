import { describe, expect, test } from "bun:test";
import type { Failure } from "../../app/core/fault.ts";
import { type DeadlineLengths, startDeadlines } from "../../app/deadlines.ts";
import { chunkOf } from "../support/frames.ts";
import { joined } from "../support/logs.ts";
import { LONG, run } from "./fake-upstream.ts";

const A = chunkOf("a");
const STOP = chunkOf("", "stop");

/** Sends at intervals until the relay has ended. */
function drip(send: () => void, everyMs: number, ended: Promise<unknown>): void {
  const timer = setInterval(send, everyMs);
  ended.finally(() => clearInterval(timer));
}

describe("the deadlines of a relay", () => {
  test.each<
    [
      string,
      Partial<DeadlineLengths>,
      (upstream: { send(data: string): void; raw(text: string): void }) => void,
      string,
    ]
  >([
    ["silence before the first event", { firstEventMs: 60 }, () => {}, "first_event_timeout"],
    [
      "comments alone are no event",
      { firstEventMs: 60 },
      (u) => u.raw(": ping\n\n"),
      "first_event_timeout",
    ],
    ["half an event is none", { firstEventMs: 60 }, (u) => u.raw("data: {"), "first_event_timeout"],
    ["silence behind the first event", { idleMs: 60 }, (u) => u.send(A), "idle_timeout"],
    [
      "an idle deadline longer than the first one",
      { firstEventMs: 30, idleMs: 90 },
      (u) => u.send(A),
      "idle_timeout",
    ],
    ["the whole, before an event", { totalMs: 60 }, () => {}, "total_timeout"],
    ["the whole, behind an event", { totalMs: 60 }, (u) => u.send(A), "total_timeout"],
  ])("%s", async (_, lengths, play, outcome) => {
    const deadlines = { ...LONG, ...lengths };
    const started = performance.now();
    const running = run({ deadlines });
    play(running.upstream);
    const end = await running.relay.ended;
    expect([end.outcome, end.failure?.fault.code]).toEqual([
      outcome as typeof end.outcome,
      "upstream_timeout",
    ]);
    const shortest = Math.min(deadlines.firstEventMs, deadlines.idleMs, deadlines.totalMs);
    const due = outcome === "idle_timeout" ? deadlines.idleMs : shortest;
    const took = performance.now() - started;
    expect(took).toBeGreaterThan(due - 5);
    expect(took).toBeLessThan(due + 100);
    expect(running.upstream.isCancelled()).toBe(true);
    // Only a first event that never came is the server's failure.
    expect(running.reports).toEqual([outcome !== "first_event_timeout"]);
  });

  test("the idle one holds off while anything is heard, be it a comment", async () => {
    const running = run({ deadlines: { ...LONG, idleMs: 80 } });
    running.upstream.send(A);
    drip(() => running.upstream.raw(": ping\n\n"), 20, running.relay.ended);
    await Bun.sleep(300);
    running.upstream.send(STOP, "[DONE]");
    expect((await running.relay.ended).outcome).toBe("completed");
  });

  test("the whole one does not hold off for anything", async () => {
    const running = run({ deadlines: { ...LONG, totalMs: 150 } });
    drip(() => running.upstream.send(A), 20, running.relay.ended);
    expect((await running.relay.ended).outcome).toBe("total_timeout");
  });

  test("waiting for readers is not upstream's silence", async () => {
    const running = run({ maxEventBytes: 2 ** 22, deadlines: { ...LONG, idleMs: 60 } });
    const reader = joined(running.log);
    running.upstream.send(chunkOf("x".repeat(2 ** 21)));
    await Bun.sleep(200);
    expect(running.log.end()).toBeUndefined();
    reader.take();
    running.upstream.send(STOP, "[DONE]");
    expect((await running.relay.ended).outcome).toBe("completed");
  });

  test("waiting for readers does not last beyond the whole one", async () => {
    const running = run({ maxEventBytes: 2 ** 22, deadlines: { ...LONG, totalMs: 100 } });
    joined(running.log);
    running.upstream.send(chunkOf("x".repeat(2 ** 21)));
    expect((await running.relay.ended).outcome).toBe("total_timeout");
  });

  test("the idle one counts anew once the readers have caught up", async () => {
    const running = run({ maxEventBytes: 2 ** 22, deadlines: { ...LONG, idleMs: 80 } });
    const reader = joined(running.log);
    running.upstream.send(chunkOf("x".repeat(2 ** 21)));
    await Bun.sleep(100);
    reader.take();
    const caughtUp = performance.now();
    expect((await running.relay.ended).outcome).toBe("idle_timeout");
    expect(performance.now() - caughtUp).toBeGreaterThan(75);
  });

  test("none is told after they were cleared, nor twice", async () => {
    const told: Failure[] = [];
    const lengths = { firstEventMs: 20, idleMs: 20, totalMs: 20 };
    startDeadlines(lengths, Date.now, (why) => told.push(why)).clear();
    startDeadlines(lengths, Date.now, (why) => told.push(why));
    await Bun.sleep(100);
    expect(told).toHaveLength(1);
  });

  test("those that are infinite, or weeks away, do not end anything at once", async () => {
    const told: Failure[] = [];
    const lengths = { firstEventMs: Infinity, idleMs: Infinity, totalMs: 2 ** 40 };
    let looks = 0;
    const clock = () => {
      looks += 1;
      return Date.now();
    };
    const deadlines = startDeadlines(lengths, clock, (why) => told.push(why));
    await Bun.sleep(50);
    deadlines.clear();
    expect(told).toEqual([]);
    // A timer of more than 31 bits fires at once, and again, and again.
    expect(looks).toBeLessThan(5);
  });
});
