/** The contract suite's second half: what goes wrong reaches the caller as the SDK's own error. */

import { describe, expect, test } from "bun:test";
import type { Ask, Told } from "./client.ts";
import type { Stage } from "./stage.ts";

/** How an SDK calls its errors. */
export interface ErrorWords {
  readonly unauthenticated: string;
  readonly limited: string;
  readonly rejected: string;
  readonly failed: string;
  /** The class raised for an answer that broke off; null where the SDK hands out a last chunk instead. */
  readonly broken: string | null;
}

type AskOn = (what: Partial<Ask>, on?: "beating") => Promise<Told>;

export function contractOfFailures(
  name: string,
  ask: AskOn,
  stages: () => { readonly stage: Stage; readonly beating: Stage },
  words: ErrorWords,
): void {
  const BEFORE = [
    {
      fault: "status:400",
      status: 422,
      code: "upstream_rejected",
      class: words.rejected,
      says: "too large for model",
    },
    {
      fault: "status:500",
      status: 502,
      code: "upstream_failed",
      class: words.failed,
      says: "Upstream answered 500",
    },
    {
      fault: "refuse",
      status: 502,
      code: "upstream_failed",
      class: words.failed,
      says: "could not be reached",
    },
    {
      fault: "status:401",
      status: 502,
      code: "upstream_auth",
      class: words.failed,
      says: "refused this server's own",
    },
  ];

  describe(`${name} raises its own error`, () => {
    for (const stream of [false, true]) {
      test.each(BEFORE)(
        `before the first byte, stream: ${stream}: $fault is $status $code`,
        async (expected) => {
          const requestId = crypto.randomUUID();
          const headers = { "x-request-id": requestId };
          const { text, error } = await ask({
            prompt: `hello fault:${expected.fault}`,
            stream,
            headers,
          });
          expect(text).toBe("");
          const { status, code, class: className, says } = expected;
          expect(error).toMatchObject({ status, code, class: className, requestId });
          expect(error?.message).toContain(says);
        },
      );
    }

    test("for a key that is not known, and says what to send", async () => {
      const { error } = await ask({ key: "ms_wrong" });
      expect(error).toMatchObject({
        status: 401,
        code: "unauthenticated",
        class: words.unauthenticated,
      });
      expect(error?.message).toContain("This API key is not known");
      expect(error?.requestId).toMatch(/^[0-9a-f]{32}$/);
    });

    test("for more requests than its plan has, and not for the first of them", async () => {
      const { tightKey } = stages().stage;
      expect((await ask({ key: tightKey })).error).toBeNull();
      const { error } = await ask({ key: tightKey, stream: true });
      expect(error).toMatchObject({ status: 429, code: "rate_limited", class: words.limited });
    });

    test("for an Idempotency-Key that came with another body", async () => {
      const headers = { "idempotency-key": `other-${crypto.randomUUID()}` };
      expect((await ask({ headers })).error).toBeNull();
      const { error } = await ask({ headers, prompt: "another one" });
      expect(error).toMatchObject({
        status: 422,
        code: "idempotency_mismatch",
        class: words.rejected,
      });
    });
  });

  describe(`${name} never takes a cut answer for a whole one`, () => {
    test.each(["cut:5", "clean-end:5", "error-frame:5", "openai-error-frame:5", "finish-error:5"])(
      "upstream: %s",
      async (fault) => {
        const told = await ask({ prompt: `count to 50 fault:${fault}`, stream: true });
        expect(told.text).toBe("1 2 3 4");
        if (words.broken === null) expect(told).toMatchObject({ finish: "error", error: null });
        else {
          expect(told.error).toMatchObject({ class: words.broken, code: "upstream_failed" });
          expect(told.error?.message).toMatch(/Upstream/);
          expect(told.error?.requestId).toMatch(/^[0-9a-f]{32}$/);
        }
      },
    );
  });

  describe(`${name} is told of a failure after the heartbeat that committed the response`, () => {
    test("although there was no event yet", async () => {
      const told = await ask({ prompt: "hello fault:silence:0", stream: true }, "beating");
      if (words.broken === null)
        expect(told).toMatchObject({ text: "", finish: "error", error: null });
      else expect(told.error).toMatchObject({ class: words.broken, code: "upstream_timeout" });
    });
  });

  describe(`${name} waits as retry-after says`, () => {
    test("and its second attempt gets the answer", async () => {
      const prompt = `${name}: count to 5 fault:status:429:3,ok`;
      expect(await ask({ prompt, retries: 1 }, "beating")).toMatchObject({
        text: "1 2 3 4 5",
        error: null,
      });
      // Longer than any SDK's own backoff here, and than the 2 s that we name where upstream names none.
      const [first, second, ...more] = stages().beating.asked(prompt);
      expect(more).toEqual([]);
      expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(2900);
    });
  });
}
