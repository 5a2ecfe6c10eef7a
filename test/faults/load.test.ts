/** 1,500 streams at once on Bun: all of them served, and given back when their clients leave. */

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { bearer, JSON_TYPE, MODEL, until } from "../runtime/stage.ts";
import { startGateway, type TestGateway } from "../support/gateway.ts";
import { type RawExchange, rawRequest } from "../support/raw.ts";

const STREAMS = 1500;
const ROUNDS = 8;
/** A leak of 10 KB a stream would be 45 MB after three rounds more. */
const PLATEAU_MB = 24;

setDefaultTimeout(90_000);

let gateway: TestGateway;
let upstream: { readonly url: string; readonly stop: () => void };

beforeAll(async () => {
  upstream = await startUpstreamProcess();
  const env = {
    MISTRAL_SERVER_URL: upstream.url,
    // What a stream leaves behind for its resume is meant to stay; here it would hide what is not.
    STREAM_TTL_MS: "0",
    // Left alone, the collector comes by every eight rounds, and 200 MB of garbage come and go.
    BUN_GC_TIMER_INTERVAL: "100",
  };
  gateway = await startGateway({ runtime: "bun", env });
});
afterAll(async () => {
  await gateway.stop();
  upstream.stop();
});

describe(`${STREAMS} streams at once`, () => {
  test("are all open beside each other, and all served to their end", async () => {
    const clients = await openAll();
    expect(await gateway.metric("open_streams")).toBe(STREAMS);
    expect(await gateway.metric("open_readers")).toBe(STREAMS);
    expect(await openUpstream()).toBe(STREAMS);
    const usage = await fetch(`${gateway.url}/v1/usage`, { headers: bearer() });
    expect(((await usage.json()) as { used: { streams: number } }).used.streams).toBe(STREAMS);

    await fetch(`${upstream.url}/finish`);
    const isWhole = (client: RawExchange) => /event: done\n|data: \[DONE\]\n/.test(client.body());
    await until(() => clients.every(isWhole), 30_000);
    expect(clients.filter((client) => client.status() !== 200)).toEqual([]);
    await until(async () => (await gateway.metric("open_streams")) === 0);
    expect(await gateway.metric("streams_total", 'outcome="completed"')).toBe(STREAMS);
    for (const client of clients) client.socket.destroy();
  });

  test(`that leave, ${ROUNDS} times over, leave nothing behind`, async () => {
    const rssMb: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const clients = await openAll();
      for (const client of clients) client.socket.destroy();
      await until(async () => (await gateway.metric("open_streams")) === 0, 10_000);
      await until(async () => (await openUpstream()) === 0, 10_000);
      await Bun.sleep(500);
      rssMb.push(rssOf(gateway.pid));
    }
    const grownMb = Math.min(...rssMb.slice(-4)) - Math.max(...rssMb.slice(0, 2));
    expect(grownMb, `RSS by round, MB: ${rssMb}`).toBeLessThan(PLATEAU_MB);
    expect(await gateway.metric("open_readers")).toBe(0);
    expect(await gateway.metric("streams_total", 'outcome="client_gone"')).toBe(ROUNDS * STREAMS);
    expect(gateway.stderr()).toBe("");
  });
});

/** Opens all of them, in both dialects, and waits for the first event of each. */
async function openAll(): Promise<RawExchange[]> {
  const body = JSON.stringify({
    model: MODEL,
    stream: true,
    messages: [{ role: "user", content: "hold" }],
  });
  const headers = { ...bearer(), "stream-grace": "0" };
  const chat = { ...headers, ...JSON_TYPE, "content-length": String(body.length) };
  const clients: RawExchange[] = [];
  for (let i = 0; i < STREAMS; i++) {
    clients.push(
      i % 2 === 0
        ? rawRequest(gateway.url, { path: "/stream?q=hold", headers })
        : rawRequest(gateway.url, {
            method: "POST",
            path: "/v1/chat/completions",
            headers: chat,
            body,
          }),
    );
    // A backlog is short; a burst beyond it is the kernel's to refuse, not the gateway's.
    if (i % 100 === 99) await until(() => clients.every((client) => client.bytes() > 0), 20_000);
  }
  await until(() => clients.every((client) => client.body().includes('"held"')), 20_000);
  return clients;
}

async function openUpstream(): Promise<number> {
  return Number(await (await fetch(`${upstream.url}/open`)).text());
}

function rssOf(pid: number): number {
  const [, kb] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Math.round(Number(kb) / 1024);
}

async function startUpstreamProcess() {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "upstream-process.ts")], {
    stdout: "pipe",
    stderr: "inherit",
  });
  for await (const bytes of child.stdout) {
    return { url: new TextDecoder().decode(bytes).trim(), stop: () => child.kill("SIGKILL") };
  }
  throw new Error("the upstream did not start");
}
