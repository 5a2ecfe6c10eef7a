import { describe, expect, test } from "bun:test";
import { type Fault, failure } from "../../app/core/fault.ts";
import { ok, outcomeOf, type Play, refused, setUp, status } from "./scripted.ts";

describe("keys", () => {
  test.each([401, 429])(
    "the next one is asked at once after a %d, at the same server",
    async (code) => {
      const started = performance.now();
      const options = { keys: ["k1", "k2"], servers: ["http://a", "http://b"] };
      const { ask, asked } = setUp([() => status(code, { "retry-after": "9" }), ok], options);
      expect(outcomeOf(await ask())).toBe("opened");
      expect(asked).toEqual(["a k1", "a k2"]);
      expect(performance.now() - started).toBeLessThan(100);
      await ask();
      expect(asked[2]).toBe("a k2");
    },
  );

  test("in trouble are asked last, but they are asked", async () => {
    const { ask, asked } = setUp([() => status(401), () => status(401), ok], {
      keys: ["k1", "k2"],
    });
    expect(outcomeOf(await ask())).toBe("upstream_auth");
    expect(outcomeOf(await ask())).toBe("opened");
    expect(asked).toHaveLength(3);
  });

  test("that upstream echoes in an error do not reach the client", async () => {
    const body = JSON.stringify({ object: "error", message: "Key sk-secret is out of credit" });
    const { ask } = setUp([() => status(400, {}, body)], { keys: ["sk-secret"] });
    const opened = await ask();
    expect("failure" in opened && opened.failure.fault.message).toBe(
      "Key [redacted] is out of credit",
    );
  });

  test("are not sent where upstream wants none", async () => {
    const { ask, asked } = setUp([ok], { keys: [] });
    await ask();
    expect(asked).toEqual(["a none"]);
  });
});

describe("the breaker", () => {
  const servers = ["http://a", "http://b"];
  const settle = () => Bun.sleep(0);

  test("goes past a server after five failed requests, counted before the first event only", async () => {
    const { ask, asked } = setUp([() => status(500)], { servers });
    for (let i = 0; i < 6; i++) {
      await ask();
      await settle();
    }
    expect(asked.slice(0, 10).filter((one) => one === "a k1")).toHaveLength(5);
    expect(asked[10]).toBe("b k1");
  });

  test("counts a stream without an event as a failure, and one with an event as none", async () => {
    for (const [gotEvent, next] of [
      [true, "a k1"],
      [false, "b k1"],
    ] as const) {
      const { ask, asked } = setUp([ok], { servers });
      for (let i = 0; i < 6; i++) {
        const opened = await ask();
        if ("report" in opened) opened.report(gotEvent);
        await settle();
      }
      expect(asked[5]).toBe(next);
    }
  });

  test.each([
    ["what a client got wrong", () => status(422), undefined, "a k1"],
    ["a client that left", refused, new Error("left"), "a k1"],
    [
      "a first event that never came",
      refused,
      failure("first_event_timeout", "late").fault,
      "b k1",
    ],
  ])("judges %s", async (_, play, reason, next) => {
    const { ask, asked } = setUp([play as Play], { servers });
    const signal = reason === undefined ? undefined : AbortSignal.abort(reason as Error | Fault);
    for (let i = 0; i < 5; i++) {
      await ask(signal);
      await settle();
    }
    await ask(signal);
    expect(asked[5]).toBe(next);
  });
});
