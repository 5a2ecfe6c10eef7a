import { describe, expect, test } from "bun:test";
import { ASK, ok, outcomeOf, type Play, refused, setUp, status } from "./scripted.ts";

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
