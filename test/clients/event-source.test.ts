/** `eventsource` from npm on `/stream`: it resumes, it never asks twice, and it stops. */

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { EventSource, type FetchLike } from "eventsource";
import { type CuttingRelay, lastEventIdOf, startCuttingRelay } from "./cutting-relay.ts";
import { openStage, type Stage, until } from "./stage.ts";

setDefaultTimeout(20_000);

/** `retry:` says 2 s, so a client that hammers is seen by then. */
const RECONNECT_MS = 2000;
const SETTLED_MS = RECONNECT_MS + 1000;

let stage: Stage;
/** Its first heartbeat commits a response long before upstream's first event. */
let beating: Stage;
const sessions: Session[] = [];

beforeAll(async () => {
  [stage, beating] = await Promise.all([openStage(), openStage({ HEARTBEAT_MS: "200" })]);
});
afterAll(async () => {
  for (const { source, relay } of sessions) {
    source.close();
    await relay.close();
  }
  await Promise.all([stage?.close(), beating?.close()]);
});

/** What the page of an application would keep. */
interface Read {
  readonly ids: string[];
  readonly errors: (number | undefined)[];
  text: string;
  done?: { readonly finish_reason: string; readonly stream_id: string };
  fault?: { readonly code: string; readonly message: string; readonly retryable: boolean };
  endings: number;
}

interface Session {
  readonly source: EventSource;
  readonly relay: CuttingRelay;
  readonly read: Read;
}

/** @param options.cutBytes drops the first connection after so much of its body */
async function listen(
  q: string,
  options: {
    readonly on?: Stage;
    readonly key?: string | undefined;
    readonly cutBytes?: number;
    readonly headers?: Record<string, string>;
  } = {},
): Promise<Session> {
  const relay = await startCuttingRelay((options.on ?? stage).url);
  if (options.cutBytes !== undefined) relay.cutAfter(options.cutBytes);
  const added = { ...options.headers, authorization: `Bearer ${options.key ?? stage.key}` };
  const withKey: FetchLike = (url, init) =>
    fetch(url, { ...init, headers: { ...init.headers, ...added } } as RequestInit);
  const read: Read = { ids: [], errors: [], text: "", endings: 0 };
  const source = new EventSource(`${relay.url}/stream?q=${encodeURIComponent(q)}`, {
    fetch: withKey,
  });
  source.addEventListener("message", ({ data, lastEventId }) => {
    read.ids.push(lastEventId);
    read.text += JSON.parse(data).choices[0].delta.content;
  });
  for (const name of ["done", "fault"] as const) {
    source.addEventListener(name, ({ data, lastEventId }) => {
      read.ids.push(lastEventId);
      read[name] = JSON.parse(data);
      read.endings += 1;
    });
  }
  source.addEventListener("error", ({ code }) => void read.errors.push(code));
  const session = { source, relay, read };
  sessions.push(session);
  return session;
}

const closed = ({ source }: Session) =>
  until(() => (source.readyState === EventSource.CLOSED ? true : undefined), 8000);
const count = (n: number) => Array.from({ length: n }, (_, i) => i + 1).join(" ");

/** Every id once, dense from 1. */
function expectDense(ids: readonly string[]): void {
  const [stream] = (ids[0] ?? "").split(".");
  expect(ids).toEqual(ids.map((_, i) => `${stream}.${i + 1}`));
}

test.concurrent("eventsource is told that it is done, asks once more, gets 204 and stays closed", async () => {
  const q = "count to 50, then stop";
  const session = await listen(q);
  await closed(session);
  const { read, relay } = session;
  expect(read).toMatchObject({ text: count(50), done: { finish_reason: "stop" }, endings: 1 });
  expectDense(read.ids);
  expect(lastEventIdOf(relay.requests[1])).toBe(read.ids.at(-1));
  await Bun.sleep(SETTLED_MS);
  expect(relay.statuses).toEqual([200, 204]);
  expect(stage.asked(q)).toHaveLength(1);
});

describe("eventsource resumes after a connection that was dropped", () => {
  test.concurrent.each([
    ["while upstream goes on", "fault:slow:60"],
    ["and reads what came in its absence", "fault:slow:5"],
  ])("in mid-event, %s: upstream asked once", async (_, fault) => {
    const q = `count to 60 ${fault}`;
    const session = await listen(q, { cutBytes: 3000 });
    await expectResumed(session, stage, q, /\.1\d$/);
  });

  test.concurrent("before the first event: the id that came ahead of all resumes it", async () => {
    const q = "count to 60 fault:delay:600";
    // 66 bytes are the preamble, a heartbeat and their framing.
    const session = await listen(q, { on: beating, cutBytes: 70 });
    await expectResumed(session, beating, q, /\.0$/);
  });
});

async function expectResumed(session: Session, on: Stage, q: string, from: RegExp): Promise<void> {
  await closed(session);
  const { read, relay } = session;
  expect(read).toMatchObject({ text: count(60), done: { finish_reason: "stop" }, endings: 1 });
  expectDense(read.ids);
  expect(lastEventIdOf(relay.requests[1])).toMatch(from);
  expect(relay.statuses).toEqual([200, 200, 204]);
  expect(on.asked(q)).toHaveLength(1);
}

describe("eventsource stops", () => {
  test.concurrent("after a fault in mid-answer: 204 to its id, and no request after that", async () => {
    const q = "count to 50 fault:cut:5";
    const session = await listen(q);
    await closed(session);
    const { read, relay } = session;
    expect(read).toMatchObject({
      text: "1 2 3 4",
      fault: { code: "upstream_failed", retryable: true },
      endings: 1,
    });
    await Bun.sleep(SETTLED_MS);
    expect(relay.statuses).toEqual([200, 204]);
    expect(stage.asked(q)).toHaveLength(1);
  });

  test.concurrent.each([
    ["a refusal by upstream", "hello fault:status:400", undefined, 422],
    ["a wrong key", "hello", "ms_wrong", 401],
  ])("at once after %s", async (_, q, key, status) => {
    const session = await listen(q, { key });
    await closed(session);
    expect(session.read).toMatchObject({ text: "", endings: 0, errors: [status] });
    await Bun.sleep(SETTLED_MS);
    expect(session.relay.statuses).toEqual([status]);
  });

  test.concurrent("when its stream was cancelled and erased: told once more that it is gone, then 204", async () => {
    const q = "count to 300 fault:slow:20";
    const session = await listen(q);
    const { read, relay } = session;
    await until(() => (read.ids.length > 5 ? true : undefined));
    const [id] = (read.ids[0] ?? "").split(".");
    const headers = { authorization: `Bearer ${stage.key}` };
    const deleted = await fetch(`${stage.url}/v1/streams/${id}`, { method: "DELETE", headers });
    expect(deleted.status).toBe(204);
    await closed(session);
    expect(read.fault?.code).toBe("stream_gone");
    expect(relay.statuses).toEqual([200, 200, 204]);
    expect(stage.asked(q)).toHaveLength(1);
  });
});

test("eventsource that closes in mid-answer leaves upstream running for its grace, then no slot behind", async () => {
  const q = "count to 3000 fault:slow:20";
  const { read, source } = await listen(q, { headers: { "stream-grace": "1" } });
  await until(() => (read.ids.length > 5 ? true : undefined));
  source.close();
  const leftAt = Date.now();
  expect(await stage.slots()).toBe(1);
  const graceMs = (await stage.left(q)) - leftAt;
  expect(graceMs).toBeGreaterThanOrEqual(990);
  expect(graceMs).toBeLessThan(1100);
  await until(async () => ((await stage.slots()) === 0 ? true : undefined), 100);
});
