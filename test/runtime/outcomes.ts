/** Every way an answer can fail, on both dialects: status, code, outcome, and the slot given back. */

import { describe, expect, test } from "bun:test";
import type { RuntimeName } from "../support/gateway.ts";
import { parseEvents } from "../support/sse.ts";
import { contentOf } from "./content.ts";
import { askChat, askStream, bearer, errorOf, MODEL, type Stage, stage, until } from "./stage.ts";

/** Directive, status before the commit, code shown, outcome counted. */
const BEFORE: [fault: string, status: number, code: string, outcome: string][] = [
  ["status:400", 422, "upstream_rejected", "upstream_rejected"],
  ["status:404", 422, "upstream_rejected", "upstream_rejected"],
  ["status:422", 422, "upstream_rejected", "upstream_rejected"],
  ["status:403", 422, "upstream_rejected", "upstream_rejected"],
  ["status:401", 502, "upstream_auth", "upstream_auth"],
  ["detail401", 502, "upstream_auth", "upstream_auth"],
  ["status:500", 502, "upstream_failed", "upstream_failed"],
  ["status:502", 502, "upstream_failed", "upstream_failed"],
  ["capacity503", 429, "upstream_rate_limited", "upstream_limited"],
  ["capacity429", 429, "upstream_rate_limited", "upstream_limited"],
  ["status:429:30", 429, "upstream_rate_limited", "upstream_limited"],
  ["plan429", 429, "upstream_rate_limited", "upstream_limited"],
  ["refuse", 502, "upstream_failed", "upstream_failed"],
  ["cut-first", 502, "upstream_failed", "upstream_failed"],
  ["clean-end:0", 502, "upstream_failed", "upstream_failed"],
  ["error-frame:0", 502, "upstream_failed", "upstream_failed"],
  ["no-headers", 504, "upstream_timeout", "first_event_timeout"],
  ["headers-only", 504, "upstream_timeout", "first_event_timeout"],
];

const AFTER: [fault: string, code: string, outcome: string][] = [
  ["cut:3", "upstream_failed", "upstream_failed"],
  ["clean-end:3", "upstream_failed", "upstream_failed"],
  ["done-only", "upstream_failed", "upstream_failed"],
  ["error-frame:3", "upstream_failed", "upstream_failed"],
  ["openai-error-frame:3", "upstream_failed", "upstream_failed"],
  ["finish-error:3", "upstream_failed", "upstream_failed"],
  ["silence:3", "upstream_timeout", "idle_timeout"],
];

const WHOLE = [
  "no-done",
  "done-open",
  "crlf",
  "cr",
  "bom",
  "comments",
  "one-byte",
  "no-last-blank",
  "no-usage",
  "null-usage",
];

const RETRYABLE = new Set(["upstream_failed", "upstream_timeout"]);

export function outcomes(runtime: RuntimeName): void {
  describe("outcomes", () => {
    const on = stage(runtime, {
      env: { FIRST_EVENT_TIMEOUT_MS: "1200", IDLE_TIMEOUT_MS: "300", HEARTBEAT_MS: "5000" },
    });

    /** Runs a request and sees its one outcome in the metric and in the log. */
    async function counted(outcome: string, ask: () => Promise<Response>): Promise<Response> {
      const before = await on().gateway.metric("streams_total", `outcome="${outcome}"`);
      const response = await ask();
      const id = response.headers.get("x-request-id");
      const line = await until(() =>
        on().gateway.lines.find((one) => one.msg === "stream" && one["requestId"] === id),
      );
      expect(line["outcome"]).toBe(outcome);
      expect(await on().gateway.metric("streams_total", `outcome="${outcome}"`)).toBeGreaterThan(
        before,
      );
      return response;
    }

    test.each(BEFORE)(
      "%s before the first event is %d %s on both dialects",
      async (fault, status, code, outcome) => {
        for (const ask of [askStream, askChat]) {
          const response = await counted(outcome, () => ask(on(), `fault:${fault}`));
          expect(response.headers.get("content-type")).toStartWith("application/json");
          expect(response.headers.get("stream-id")).toBeNull();
          expect([response.status, (await errorOf(response)).code]).toEqual([status, code]);
        }
      },
    );

    test.each(AFTER)(
      "%s after the first event is told in the stream as %s",
      async (fault, code, outcome) => {
        const streamed = await counted(outcome, () => askStream(on(), `fault:${fault}`));
        expect(streamed.status).toBe(200);
        const last = parseEvents(await streamed.text()).at(-1);
        expect(last?.event).toBe("fault");
        expect(last?.id).toMatch(/^[0-9a-f]+\.\d+$/);
        expect(JSON.parse(last?.data ?? "")).toMatchObject({
          code,
          retryable: RETRYABLE.has(code),
        });

        const chat = await counted(outcome, () => askChat(on(), `fault:${fault}`));
        const text = await chat.text();
        expect(text).not.toContain("[DONE]");
        const chunk = JSON.parse(parseEvents(text).at(-1)?.data ?? "");
        expect(chunk.choices[0].finish_reason).toBe("error");
        expect(chunk.error.code).toBe(code);
        expect(chunk.object).toBe("chat.completion.chunk");
      },
    );

    test.each(WHOLE)("%s is still a whole answer", async (fault) => {
      const streamed = await counted("completed", () =>
        askStream(on(), `fault:${fault}`, { more: { model: MODEL } }),
      );
      const events = parseEvents(await streamed.text());
      expect(events.at(-1)?.event).toBe("done");
      expect(JSON.parse(events.at(-1)?.data ?? "")).toMatchObject({ finish_reason: "stop" });
      for (const { data } of events) expect(() => JSON.parse(data)).not.toThrow();
      const chat = await counted("completed", () => askChat(on(), `fault:${fault}`));
      const text = await chat.text();
      expect(text.includes("[DONE]")).toBe(fault !== "no-done");
      expect(contentOf(text)).toBe(
        contentOf(events.map(({ data }) => `data: ${data}\n\n`).join("")),
      );
    });

    test("an error frame's own words reach the client, in mid-stream on either dialect", async () => {
      const words = "Internal server error";
      for (const fault of ["fault:error-frame:3", "fault:openai-error-frame:3"]) {
        const last = parseEvents(await (await askStream(on(), fault)).text()).at(-1);
        expect(JSON.parse(last?.data ?? "").message).toContain(words);
        const chunk = parseEvents(await (await askChat(on(), fault)).text()).at(-1);
        expect(JSON.parse(chunk?.data ?? "").error.message).toContain(words);
      }
    });

    test("429 passes upstream's retry-after on; one that no retry helps says so", async () => {
      const later = await askChat(on(), "fault:status:429:30");
      expect(later.headers.get("retry-after")).toBe("30");
      const never = await askChat(on(), "fault:plan429");
      expect(never.headers.get("x-should-retry")).toBe("false");
    });

    test("an event of 5 MB passes whole", async () => {
      const text = await (await askStream(on(), "fault:big:5")).text();
      expect(text.length).toBeGreaterThan(5_000_000);
      expect(parseEvents(text).at(-1)?.event).toBe("done");
    });

    test("an event beyond MAX_EVENT_BYTES ends the stream as upstream_failed", async () => {
      const response = await counted("upstream_failed", () => askStream(on(), "fault:big:9"));
      const text = await response.text();
      expect(text).toContain("upstream_failed");
    });

    test("events that upstream names or numbers come out without those lines", async () => {
      const text = await (await askChat(on(), "fault:forged")).text();
      expect(text).not.toMatch(/^(id|event|retry):/m);
      const { gateway } = on();
      const streamed = await (await askStream({ gateway } as Stage, "fault:forged")).text();
      const ids = parseEvents(streamed).map(({ id }) => id?.split(".")[1]);
      expect(ids).toEqual(ids.map((_, i) => String(i + 1)));
    });

    test("afterwards every slot is given back and nothing went unobserved", async () => {
      const response = await fetch(`${on().gateway.url}/v1/usage`, { headers: bearer() });
      expect((await response.json()) as object).toMatchObject({ used: { streams: 0 } });
      expect(await on().gateway.metric("open_streams")).toBe(0);
      expect(await on().gateway.metric("open_readers")).toBe(0);
      expect(on().gateway.stderr()).toBe("");
    });
  });
}
