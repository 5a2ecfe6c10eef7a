import { describe, expect, test } from "bun:test";
import { type Fault, failure } from "../../app/core/fault.ts";
import { createServers } from "../../app/upstream/breaker.ts";
import { createKeyPool } from "../../app/upstream/key-pool.ts";
import { type Ask, createTransport, type Opened } from "../../app/upstream/transport.ts";

const ASK: Ask = { method: "POST", path: "/v1/chat/completions", body: "{}", isStream: true };

const ok = () =>
  new Response("data: {}\n\n", { headers: { "content-type": "text/event-stream; charset=utf-8" } });
const status = (code: number, headers: Record<string, string> = {}, body = '{"detail":"no"}') =>
  new Response(body, { status: code, headers });
const refused = () => {
  throw new TypeError("connection refused");
};

type Play = () => Response | Promise<Response>;

/** A transport over scripted answers; the last one is given for ever. */
function setUp(
  plays: readonly Play[],
  options: { keys?: string[]; servers?: string[]; commitMs?: number } = {},
) {
  const asked: string[] = [];
  const attempts: string[] = [];
  const signals: AbortSignal[] = [];
  const servers = createServers(options.servers ?? ["http://a"]);
  const transport = createTransport({
    async fetch(request) {
      const key = request.headers.get("authorization")?.replace("Bearer ", "") ?? "none";
      signals.push(request.signal);
      asked.push(`${new URL(request.url).host} ${key}`);
      return (plays[Math.min(asked.length, plays.length) - 1] as Play)();
    },
    servers,
    keys: createKeyPool(() => options.keys ?? ["k1"], Date.now),
    clock: Date.now,
    random: () => 0,
    commitMs: options.commitMs ?? 15_000,
    onAttempt: (status) => attempts.push(status),
  });
  const ask = (signal = new AbortController().signal, what = ASK) => transport(what, signal);
  return { ask, asked, attempts, servers };
}

const outcomeOf = (opened: Opened) => ("failure" in opened ? opened.failure.outcome : "opened");

describe("attempts", () => {
  test.each<[string, Play[], string, string[]]>([
    ["an answer at once", [ok], "opened", ["200"]],
    ["a 500, then an answer", [() => status(500), ok], "opened", ["500", "200"]],
    ["a 503, then an answer", [() => status(503), ok], "opened", ["503", "200"]],
    ["two 500s", [() => status(500)], "upstream_failed", ["500", "500"]],
    ["no connection, then an answer", [refused, ok], "opened", ["connection", "200"]],
    ["no connection twice", [refused], "upstream_failed", ["connection", "connection"]],
    [
      "a 429, then an answer",
      [() => status(429, { "retry-after": "0" }), ok],
      "opened",
      ["429", "200"],
    ],
    [
      "a 500, then a 422",
      [() => status(500), () => status(422)],
      "upstream_rejected",
      ["500", "422"],
    ],
    ["a 422", [() => status(422)], "upstream_rejected", ["422"]],
    ["a 400", [() => status(400)], "upstream_rejected", ["400"]],
    ["a 404", [() => status(404)], "upstream_rejected", ["404"]],
    ["a 401 on the only key", [() => status(401)], "upstream_auth", ["401"]],
    [
      "a 429 for a model that is not in the plan",
      [() => status(429, { "x-ratelimit-limit-req-minute": "0" })],
      "upstream_limited",
      ["429"],
    ],
    ["a redirect", [() => status(302, { location: "http://evil" })], "upstream_failed", ["302"]],
    [
      "a page instead of a stream",
      [() => new Response("<html>", { headers: { "content-type": "text/html" } })],
      "upstream_failed",
      ["200"],
    ],
    ["JSON instead of a stream", [() => Response.json({})], "upstream_failed", ["200"]],
    ["a 204", [() => new Response(null, { status: 204 })], "upstream_failed", ["204"]],
  ])("%s", async (_, plays, outcome, attempts) => {
    const seen = setUp(plays);
    expect(outcomeOf(await seen.ask())).toBe(outcome);
    expect(seen.attempts).toEqual(attempts);
  });

  test("take JSON where no stream was asked for", async () => {
    const { ask } = setUp([() => Response.json({})]);
    expect(outcomeOf(await ask(undefined, { ...ASK, isStream: false }))).toBe("opened");
  });

  test("never reject, whatever fetch throws", async () => {
    for (const thrown of [undefined, "text", new DOMException("x", "AbortError"), new Error("x")]) {
      const { ask } = setUp([() => Promise.reject(thrown)]);
      expect(outcomeOf(await ask())).toBe("upstream_failed");
    }
  });

  test("wait a moment between two on one server, and not at all where another server is there", async () => {
    const started = performance.now();
    await setUp([() => status(500), ok]).ask();
    expect(performance.now() - started).toBeGreaterThan(190);
    const again = performance.now();
    const seen = setUp([() => status(500), ok], { servers: ["http://a", "http://b"] });
    await seen.ask();
    expect(performance.now() - again).toBeLessThan(100);
    expect(seen.asked).toEqual(["a k1", "b k1"]);
  });
});

describe("waits", () => {
  test("take upstream's retry-after where it fits", async () => {
    const started = performance.now();
    const { ask } = setUp([() => status(429, { "retry-after": "1" }), ok]);
    expect(outcomeOf(await ask())).toBe("opened");
    expect(performance.now() - started).toBeGreaterThan(990);
  });

  test.each([429, 503])(
    "do not happen where retry-after after a %d does not fit; it is passed on",
    async (code) => {
      const started = performance.now();
      const { ask, attempts } = setUp([() => status(code, { "retry-after": "16" }), ok]);
      const opened = await ask();
      expect(performance.now() - started).toBeLessThan(100);
      expect("failure" in opened && opened.failure.fault.headers).toEqual({ "retry-after": "16" });
      expect(attempts).toEqual([String(code)]);
    },
  );

  test("end at once when nobody is left", async () => {
    const controller = new AbortController();
    const { ask, attempts } = setUp([() => status(429, { "retry-after": "10" }), ok]);
    const started = performance.now();
    const asking = ask(controller.signal);
    setTimeout(() => controller.abort(), 20);
    expect(outcomeOf(await asking)).toBe("upstream_limited");
    expect(performance.now() - started).toBeLessThan(100);
    expect(attempts).toEqual(["429"]);
  });

  test("do not begin where nobody was there in the first place", async () => {
    const { ask, attempts } = setUp([() => Promise.reject(new DOMException("x", "AbortError"))]);
    expect(outcomeOf(await ask(AbortSignal.abort()))).toBe("upstream_failed");
    expect(attempts).toEqual(["aborted"]);
  });
});

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
