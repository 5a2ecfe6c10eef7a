/** Pages of another origin in a real Chromium: what CORS lets through, and what it must not. */

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { Browser } from "playwright-core";
import { openStage, type Stage, until } from "../clients/stage.ts";
import { openPage, startChromium } from "./chromium.ts";
import { fetchIn } from "./page-fetch.ts";
import { type PageServer, startPageServer } from "./page-server.ts";

setDefaultTimeout(30_000);

let listed: PageServer;
let unlisted: PageServer;
let stage: Stage;
let browser: Browser;

beforeAll(async () => {
  const script = await bundle("openai-page.ts");
  [listed, unlisted] = await Promise.all([
    startPageServer({ script }),
    startPageServer({ script }),
  ]);
  [stage, browser] = await Promise.all([
    openStage({ CORS_ORIGINS: listed.origin }),
    startChromium(),
  ]);
});
afterAll(async () => {
  await browser?.close();
  await Promise.all([stage?.close(), listed?.close(), unlisted?.close()]);
});

async function bundle(file: string): Promise<string> {
  const built = await Bun.build({
    entrypoints: [new URL(file, import.meta.url).pathname],
    target: "browser",
  });
  const [output] = built.outputs;
  if (output === undefined) throw new Error(`${file} could not be bundled`);
  return output.text();
}

const wordsOf = (text: string) =>
  Array.from(text.matchAll(/"content":"([^"]+)"/g), ([, word]) => word).join("");
const TEN = "1 2 3 4 5 6 7 8 9 10";

describe("a page of a listed origin", () => {
  test("reads /stream as it grows, with its key in a header, and sees our headers", async () => {
    const page = await openPage(browser, listed.origin);
    const url = `${stage.url}/stream?q=${encodeURIComponent("count to 10 fault:slow:50")}`;
    const headers = {
      authorization: `Bearer ${stage.key}`,
      "stream-grace": "1",
      "x-request-id": "from-the-page",
    };
    const told = await fetchIn(page, url, { headers });
    expect(told.status).toBe(200);
    expect(wordsOf(told.text)).toBe(TEN);
    expect(told.text).toContain("event: done\n");
    expect(told.reads.length).toBeGreaterThanOrEqual(8);
    expect(told.reads.at(-1)).toBeGreaterThanOrEqual(400);
    expect(told.headers).toMatchObject({
      "stream-id": expect.stringMatching(/^[0-9a-f]{32}$/),
      "x-request-id": "from-the-page",
      ratelimit: expect.stringContaining("r="),
      "ratelimit-policy": expect.stringContaining("q="),
    });
    await page.close();
  });

  test("posts a prompt, and resumes the answer with Last-Event-ID", async () => {
    const page = await openPage(browser, listed.origin);
    const headers = { authorization: `Bearer ${stage.key}`, "content-type": "application/json" };
    const first = await fetchIn(page, `${stage.url}/stream`, {
      method: "POST",
      headers,
      body: JSON.stringify({ q: "count to 10" }),
    });
    expect(wordsOf(first.text)).toBe(TEN);
    const id = `${first.headers["stream-id"]}.6`;
    const rest = await fetchIn(page, `${stage.url}/stream`, {
      headers: { ...headers, "last-event-id": id },
    });
    expect(wordsOf(rest.text)).toBe(" 6 7 8 9 10");
    await page.close();
  });

  test("streams through OpenAI's SDK, whose own headers pass the preflight", async () => {
    const page = await openPage(browser, listed.origin);
    const told = await page.evaluate(
      async ({ baseURL, apiKey }) => {
        const { OpenAI } = globalThis as unknown as { OpenAI: typeof import("openai").default };
        const client = new OpenAI({
          baseURL,
          apiKey,
          dangerouslyAllowBrowser: true,
          maxRetries: 0,
        });
        const messages = [{ role: "user" as const, content: "count to 10" }];
        let text = "";
        const stream = await client.chat.completions.create({
          model: "mistral-small-latest",
          messages,
          stream: true,
        });
        for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? "";
        const refused = new OpenAI({
          baseURL,
          apiKey: "ms_wrong",
          dangerouslyAllowBrowser: true,
          maxRetries: 0,
        });
        const error = await refused.models.list().catch((thrown) => thrown);
        return {
          text,
          error: { status: error.status, code: error.code, requestId: error.requestID },
        };
      },
      { baseURL: `${stage.url}/v1`, apiKey: stage.key },
    );
    expect(told.text).toBe(TEN);
    // An error that CORS hid from the page would have no status.
    expect(told.error).toEqual({
      status: 401,
      code: "unauthenticated",
      requestId: expect.any(String),
    });
    await page.close();
  });

  test.each(["presses stop", "is closed"])(
    "that %s in mid-answer cancels upstream within 100 ms",
    async (how) => {
      const page = await openPage(browser, listed.origin);
      const prompt = `count to 2000 fault:slow:20 until the page ${how}`;
      const body = {
        model: "mistral-small-latest",
        stream: true,
        messages: [{ role: "user", content: prompt }],
      };
      await page.evaluate(
        async ({ url, key, body }) => {
          const stop = new AbortController();
          Object.assign(globalThis, { stop });
          const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
          const response = await fetch(url, { method: "POST", headers, body, signal: stop.signal });
          await response.body!.getReader().read();
        },
        { url: `${stage.url}/v1/chat/completions`, key: stage.key, body: JSON.stringify(body) },
      );
      const press = () =>
        page.evaluate(() => {
          (globalThis as unknown as { stop: AbortController }).stop.abort();
          return performance.timeOrigin + performance.now();
        });
      const closing = async () => {
        await page.close();
        // Chromium is done with the page by now, so the time before it is its own.
        return Date.now();
      };
      const leftAt = await (how === "is closed" ? closing() : press());
      expect((await stage.left(prompt)) - leftAt).toBeLessThan(100);
      await until(async () => ((await stage.slots()) === 0 ? true : undefined), 100);
      if (!page.isClosed()) await page.close();
    },
  );
});

test("a page of an origin that is not listed gets nothing, and upstream is not asked", async () => {
  const page = await openPage(browser, unlisted.origin);
  const url = `${stage.url}/stream?q=from-an-unlisted-page`;
  const headers = { authorization: `Bearer ${stage.key}` };
  await expect(fetchIn(page, url, { headers })).rejects.toThrow("Failed to fetch");
  // Without a preflight the request itself arrives, and is refused here.
  await expect(fetchIn(page, url, {})).rejects.toThrow("Failed to fetch");
  expect(stage.asked("from-an-unlisted-page")).toEqual([]);
  await page.close();
});
