/** Chromium's own EventSource on `/stream`, behind a page server that adds the key. */

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { Browser } from "playwright-core";
import { type CuttingRelay, lastEventIdOf, startCuttingRelay } from "../clients/cutting-relay.ts";
import { openStage, type Stage } from "../clients/stage.ts";
import { openPage, startChromium } from "./chromium.ts";
import { type PageServer, startPageServer } from "./page-server.ts";

setDefaultTimeout(30_000);

/** Chromium without a stop came ten times in this time. */
const WATCHED_MS = 3000;

let stage: Stage;
/** Its first heartbeat commits a response long before upstream's first event. */
let beating: Stage;
let browser: Browser;
const closing: (() => Promise<void>)[] = [];

beforeAll(async () => {
  [stage, beating, browser] = await Promise.all([
    openStage(),
    openStage({ HEARTBEAT_MS: "200" }),
    startChromium(),
  ]);
});
afterAll(async () => {
  await browser?.close();
  await Promise.all(closing.map((close) => close()));
  await Promise.all([stage?.close(), beating?.close()]);
});

/** What the page kept. */
interface Read {
  readonly ids: string[];
  readonly text: string;
  readonly endings: string[];
  readonly state: number;
}

interface Session {
  readonly relay: CuttingRelay;
  readonly read: Read;
}

/** Listens in a page until its EventSource is closed by what it was answered. */
async function listen(on: Stage, q: string, cutBytes?: number): Promise<Session> {
  const relay = await startCuttingRelay(on.url);
  if (cutBytes !== undefined) relay.cutAfter(cutBytes);
  const server: PageServer = await startPageServer({ gateway: { url: relay.url, key: on.key } });
  closing.push(server.close, relay.close);
  const page = await openPage(browser, server.origin);
  const read = await page.evaluate(
    (url) =>
      new Promise<Read>((resolve) => {
        const source = new EventSource(url);
        const ids: string[] = [];
        const endings: string[] = [];
        let text = "";
        source.addEventListener("message", ({ data, lastEventId }) => {
          ids.push(lastEventId);
          text += JSON.parse(data).choices[0].delta.content;
        });
        for (const name of ["done", "fault"]) {
          source.addEventListener(name, ({ data, lastEventId }) => {
            ids.push(lastEventId);
            endings.push(`${name} ${JSON.parse(data).code ?? JSON.parse(data).finish_reason}`);
          });
        }
        source.addEventListener("error", () => {
          if (source.readyState === EventSource.CLOSED)
            resolve({ ids, text, endings, state: source.readyState });
        });
      }),
    `/stream?q=${encodeURIComponent(q)}`,
  );
  await Bun.sleep(WATCHED_MS);
  await page.close();
  return { relay, read };
}

const count = (n: number) => Array.from({ length: n }, (_, i) => i + 1).join(" ");

/** Every id once, dense from 1. */
function expectDense(ids: readonly string[]): void {
  const [stream] = (ids[0] ?? "").split(".");
  expect(ids).toEqual(ids.map((_, i) => `${stream}.${i + 1}`));
}

test.concurrent("Chromium's EventSource is told that it is done, asks once more, gets 204 and stays closed", async () => {
  const q = "count to 50, then stop";
  const { read, relay } = await listen(stage, q);
  expect(read).toMatchObject({ text: count(50), endings: ["done stop"] });
  expectDense(read.ids);
  expect(lastEventIdOf(relay.requests[1])).toBe(read.ids.at(-1));
  expect(relay.statuses).toEqual([200, 204]);
  expect(stage.asked(q)).toHaveLength(1);
});

describe("Chromium's EventSource resumes after a connection that was dropped", () => {
  test.concurrent.each([
    ["while upstream goes on", "fault:slow:60"],
    ["and reads what came in its absence", "fault:slow:5"],
  ])("in mid-event, %s: upstream asked once", async (_, fault) => {
    const q = `count to 60 ${fault}`;
    await expectResumed(await listen(stage, q, 3000), stage, q, /\.1\d$/);
  });

  test.concurrent("before the first event: the id that came ahead of all resumes it", async () => {
    const q = "count to 60 fault:delay:600";
    // 66 bytes are the preamble, a heartbeat and their framing.
    await expectResumed(await listen(beating, q, 70), beating, q, /\.0$/);
  });
});

function expectResumed({ read, relay }: Session, on: Stage, q: string, from: RegExp): void {
  expect(read).toMatchObject({ text: count(60), endings: ["done stop"] });
  expectDense(read.ids);
  expect(lastEventIdOf(relay.requests[1])).toMatch(from);
  expect(relay.statuses).toEqual([200, 200, 204]);
  expect(on.asked(q)).toHaveLength(1);
}

describe("Chromium's EventSource does not hammer", () => {
  test.concurrent("after a fault in mid-answer: one more request, 204, and none for 3 s", async () => {
    const q = "count to 50 fault:cut:5";
    const { read, relay } = await listen(stage, q);
    expect(read).toMatchObject({ text: "1 2 3 4", endings: ["fault upstream_failed"] });
    expect(relay.statuses).toEqual([200, 204]);
    expect(stage.asked(q)).toHaveLength(1);
  });

  test.concurrent("after a refusal before the first byte: that one request, and none for 3 s", async () => {
    const q = "hello fault:status:400";
    const { read, relay } = await listen(stage, q);
    expect(read).toMatchObject({ text: "", endings: [] });
    expect(relay.statuses).toEqual([422]);
    expect(stage.asked(q)).toHaveLength(1);
  });
});
