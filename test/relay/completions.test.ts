import { describe, expect, test } from "bun:test";
import { failure } from "../../app/core/fault.ts";
import { chunkOf } from "../support/frames.ts";
import { joined } from "../support/logs.ts";
import { setUp } from "./set-up.ts";

describe("grace", () => {
  test("ends a completion after its last reader, and not before its time", async () => {
    const { start, outcomes, upstreams } = setUp();
    const reader = joined(start("a", { graceMs: 80 }));
    reader.leave();
    await Bun.sleep(40);
    expect(outcomes("a")).toEqual([]);
    await Bun.sleep(80);
    expect(outcomes("a")).toEqual(["client_gone"]);
    expect(upstreams.get("a")?.isCancelled()).toBe(true);
  });

  test("starts anew with every reader that comes and goes", async () => {
    const { start, outcomes } = setUp();
    const log = start("a", { graceMs: 80 });
    joined(log).leave();
    await Bun.sleep(50);
    const second = joined(log);
    await Bun.sleep(80);
    second.leave();
    await Bun.sleep(50);
    expect(outcomes("a")).toEqual([]);
    await Bun.sleep(60);
    expect(outcomes("a")).toEqual(["client_gone"]);
  });

  test("of 0 ends it with its last reader, but not with the one before", async () => {
    const { start, outcomes } = setUp();
    const log = start("a");
    const [first, second] = [joined(log), joined(log)];
    first.leave();
    await Bun.sleep(5);
    expect(outcomes("a")).toEqual([]);
    second.leave();
    await Bun.sleep(5);
    expect(outcomes("a")).toEqual(["client_gone"]);
  });
});

describe("giving way", () => {
  test("ends the owner's oldest completion that nobody reads any more, and waits until it is settled", async () => {
    const { completions, start, outcomes } = setUp();
    const given = { graceMs: 5000 };
    joined(start("read", given));
    joined(start("theirs", { ...given, owner: "other" })).leave();
    joined(start("old", given)).leave();
    joined(start("new", given)).leave();
    expect(await completions.giveWay("web")).toBe(true);
    expect(["read", "theirs", "old", "new"].map((id) => outcomes(id).length)).toEqual([0, 0, 1, 0]);
    expect(await completions.giveWay("web")).toBe(true);
    expect(await completions.giveWay("web")).toBe(false);
    expect(completions.open()).toBe(2);
    await completions.cancelAll(failure("drained", "The end."));
  });

  test("spares a completion whose first reader is still on its way", async () => {
    const { completions, start } = setUp();
    start("a", { graceMs: 5000 });
    expect(await completions.giveWay("web")).toBe(false);
    await completions.cancelAll(failure("drained", "The end."));
  });
});

describe("ending completions", () => {
  test("by id waits until it is settled; an unknown id is nothing", async () => {
    const { completions, start, outcomes } = setUp();
    start("a");
    await completions.cancel("a", failure("cancelled", "Enough."));
    await completions.cancel("a", failure("cancelled", "Enough."));
    await completions.cancel("?", failure("cancelled", "Enough."));
    expect([outcomes("a"), completions.open()]).toEqual([["cancelled"], 0]);
  });

  test("by a revoked key ends its own and no other", async () => {
    const { completions, start, outcomes } = setUp();
    start("a", { digest: "old" });
    start("b", { digest: "new" });
    completions.revoke((digest) => digest === "new");
    await Bun.sleep(5);
    expect([outcomes("a"), outcomes("b")]).toEqual([["revoked"], []]);
    await completions.cancelAll(failure("drained", "The end."));
    expect(outcomes("b")).toEqual(["drained"]);
  });

  test("of all of a thousand leaves none open, each settled once", async () => {
    const { completions, start, outcomes } = setUp();
    const ids = Array.from({ length: 1000 }, (_, i) => `s${i}`);
    for (const id of ids) start(id);
    expect(completions.open()).toBe(1000);
    await completions.cancelAll(failure("drained", "The end."));
    expect(completions.open()).toBe(0);
    expect(ids.flatMap(outcomes)).toEqual(Array(1000).fill("drained"));
  });
});

describe("what is told at the end", () => {
  test("counts events, tokens and time", async () => {
    const { start, told, upstreams } = setUp();
    joined(start("a"));
    await Bun.sleep(20);
    upstreams.get("a")?.send(chunkOf("a"), chunkOf("b"), chunkOf("", "stop"), "[DONE]");
    await Bun.sleep(5);
    const [one] = told.get("a") ?? [];
    expect(one).toMatchObject({ events: 3, countedTokens: 3 });
    expect(one?.firstEventMs).toBeGreaterThan(10);
    expect(one?.durationMs).toBeGreaterThanOrEqual(one?.firstEventMs ?? 0);
  });

  test("has no time of a first event where there was none", async () => {
    const { start, told, upstreams } = setUp();
    start("a");
    upstreams.get("a")?.cut();
    await Bun.sleep(5);
    expect(told.get("a")?.[0]?.firstEventMs).toBeUndefined();
  });
});

test("an answer without streaming has no deadline but the whole one", async () => {
  const { start, outcomes, upstreams } = setUp();
  joined(start("a", { kind: "answer" }));
  joined(start("b"));
  await Bun.sleep(400);
  expect([outcomes("a"), outcomes("b")]).toEqual([[], ["first_event_timeout"]]);
  upstreams.get("a")?.raw("{}");
  upstreams.get("a")?.end();
  await Bun.sleep(5);
  expect(outcomes("a")).toEqual(["completed"]);
});
