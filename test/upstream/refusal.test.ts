import { describe, expect, test } from "bun:test";
import { readRefusal } from "../../app/upstream/refusal.ts";

const NOW = Date.UTC(2026, 0, 1);
const KEY = "sk-mistral-0123456789";

async function read(status: number, body: unknown, headers: Record<string, string> = {}) {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const refusal = await readRefusal(new Response(text, { status, headers }), NOW, KEY);
  const { fault, outcome } = refusal.failure;
  return {
    outcome,
    code: fault.code,
    status: fault.status,
    message: fault.message,
    isRetryable: refusal.isRetryable,
    isOnKey: refusal.isOnKey,
    toldRetryable: fault.retryable,
    headers: fault.headers,
    retryAfterMs: refusal.retryAfterMs,
  };
}

const error = (message: unknown, more = {}) => ({
  object: "error",
  message,
  type: "x",
  param: null,
  code: "1",
  ...more,
});
const limited = {
  outcome: "upstream_limited",
  code: "upstream_rate_limited",
  status: 429,
  isRetryable: true,
  isOnKey: true,
};
const rejected = {
  outcome: "upstream_rejected",
  code: "upstream_rejected",
  status: 422,
  isRetryable: false,
  isOnKey: false,
};
const auth = {
  outcome: "upstream_auth",
  code: "upstream_auth",
  status: 502,
  isRetryable: true,
  isOnKey: true,
};
const failed = {
  outcome: "upstream_failed",
  code: "upstream_failed",
  status: 502,
  isRetryable: true,
  isOnKey: false,
};

describe("upstream's refusal", () => {
  test.each([
    ["401, a detail", 401, { detail: "Unauthorized" }, auth],
    ["401, a message", 401, { message: "Unauthorized", request_id: "r" }, auth],
    ["401, nothing", 401, "", auth],
    ["403 on the key", 403, { detail: "Forbidden" }, auth],
    ["403, nothing", 403, "", auth],
    [
      "403 of a guardrail",
      403,
      error("Blocked by guardrail"),
      { ...rejected, message: "Blocked by guardrail" },
    ],
    ["403 of moderation", 403, { detail: "content moderation: forbidden" }, rejected],
    [
      "429, documented",
      429,
      error("Rate limit exceeded", { code: "1300" }),
      { ...limited, message: "Rate limit exceeded" },
    ],
    [
      "429, short",
      429,
      { message: "Requests rate limit exceeded" },
      { ...limited, message: "Requests rate limit exceeded" },
    ],
    [
      "429, capacity",
      429,
      error("Capacity", { type: "service_tier_capacity_exceeded" }),
      { ...limited, isOnKey: false },
    ],
    [
      "503, capacity",
      503,
      error("Capacity", { type: "service_tier_capacity_exceeded" }),
      { ...limited, isOnKey: false },
    ],
    [
      "422 whose message is an object",
      422,
      error({ detail: [{ msg: "bad", loc: ["body", "x"] }] }, { code: 422 }),
      { ...rejected, message: '{"detail":[{"msg":"bad","loc":["body","x"]}]}' },
    ],
    [
      "422 with a list of details",
      422,
      { detail: [{ msg: "bad" }] },
      { ...rejected, message: '[{"msg":"bad"}]' },
    ],
    [
      "400, context overflow",
      400,
      error("Prompt contains 99 tokens"),
      { ...rejected, message: "Prompt contains 99 tokens" },
    ],
    ["404", 404, { detail: "Model not found" }, { ...rejected, message: "Model not found" }],
    ["400 in OpenAI's shape", 400, { error: { message: "bad" } }, { ...rejected, message: "bad" }],
    ["400 in plain text", 400, "bad request", { ...rejected, message: "bad request" }],
    ["400 without a body", 400, "", { ...rejected, message: "Upstream answered 400." }],
    [
      "500",
      500,
      error("secret stack", { code: "1000" }),
      { ...failed, message: "Upstream answered 500." },
    ],
    ["502 in HTML", 502, "<html>nginx</html>", { ...failed, message: "Upstream answered 502." }],
    ["a redirect", 302, "", { ...failed, isRetryable: false, message: "Upstream answered 302." }],
    ["a 204", 204, null, { ...failed, isRetryable: false }],
  ])("%s", async (_, status, body, expected) => {
    const seen =
      body === null
        ? await readRefusal(new Response(null, { status }), NOW, KEY)
        : await read(status, body);
    if (body !== null) expect(seen).toMatchObject(expected);
    else expect(seen).toMatchObject({ isRetryable: false, failure: { outcome: expected.outcome } });
  });

  test("that names no place in the plan is not worth a retry, to us or to the client", async () => {
    const seen = await read(429, error("no"), { "x-ratelimit-limit-req-minute": "0" });
    expect(seen).toMatchObject({ ...limited, isRetryable: false, toldRetryable: false });
    expect(seen.headers).toEqual({ "x-should-retry": "false" });
  });

  test.each([
    ["7", 7000, "7"],
    ["0", 0, "0"],
    ["0.5", 500, "1"],
    ["Thu, 01 Jan 2026 00:00:30 GMT", 30_000, "30"],
    ["Thu, 01 Jan 2020 00:00:00 GMT", 0, "0"],
    ["soon", undefined, undefined],
    ["", undefined, undefined],
    ["99999999999", undefined, undefined],
  ])("with retry-after %j waits %p ms, and says %p", async (value, ms, told) => {
    for (const status of [429, 503]) {
      const seen = await read(status, error("wait"), { "retry-after": value });
      expect(seen.retryAfterMs).toBe(ms as number);
      expect(seen.headers["retry-after"]).toBe(told as string);
    }
  });
});
