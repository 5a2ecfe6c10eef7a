/** Reading an answer twice: ids, resumes, endings that stop an EventSource, cancelling. */

import { describe, expect, test } from "bun:test";
import type { RuntimeName } from "../support/gateway.ts";
import { OTHER_KEY } from "../support/keys.ts";
import { parseEvents, parseSse } from "../support/sse.ts";
import { askChat, askStream, bearer, errorOf, MODEL, readUntil, stage, until } from "./stage.ts";

export function resume(runtime: RuntimeName): void {
  describe("resume", () => {
    const on = stage(runtime, { paceMs: 5 });
    const byId = (id: string, headers: Record<string, string> = {}, key?: string) =>
      fetch(`${on().gateway.url}/v1/streams/${id}`, { headers: { ...bearer(key), ...headers } });
    const seqsOf = (text: string) => parseEvents(text).map(({ id }) => Number(id?.split(".")[1]));
    const from = (first: number, last: number) =>
      Array.from({ length: last - first + 1 }, (_, i) => first + i);

    test("the first bytes are a retry and an id, the events are dense, the last is done", async () => {
      const response = await askStream(on(), "count to 5");
      const id = response.headers.get("stream-id") as string;
      const text = await response.text();
      expect(text).toStartWith(`retry: 2000\nid: ${id}.0\n\nid: ${id}.1\ndata: {`);
      const events = parseEvents(text);
      expect(seqsOf(text)).toEqual(from(1, 8));
      expect(events.at(-1)?.event).toBe("done");
      const done = JSON.parse(events.at(-1)?.data ?? "");
      expect(done).toMatchObject({
        finish_reason: "stop",
        stream_id: id,
        usage: { completion_tokens: 5 },
      });
      expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
      expect(response.headers.get("cache-control")).toBe("no-cache, no-transform");
      expect(response.headers.get("x-accel-buffering")).toBe("no");
    });

    test("a resume on /stream gives what comes strictly after the id, and asks upstream nothing", async () => {
      const prompt = `count to 40 (${runtime} one)`;
      const first = await askStream(on(), prompt);
      const id = first.headers.get("stream-id") as string;
      const begun = await readUntil(
        first,
        (text) => text.includes(`id: ${id}.4\n`) && text.endsWith("\n\n"),
      );
      const last = seqsOf(begun).at(-1) as number;
      const rest = await askStream(on(), prompt, { headers: { "last-event-id": `${id}.${last}` } });
      expect(seqsOf(await rest.text())).toEqual(from(last + 1, 43));
      expect(on().upstream.requests.filter(({ body }) => body.includes(prompt)).length).toBe(1);
    });

    test("a POST with Last-Event-ID resumes as well", async () => {
      const id = (await askStream(on(), "count to 2")).headers.get("stream-id") as string;
      await until(async () => (await byId(id, { "last-event-id": `${id}.5` })).status === 204);
      const headers = {
        ...bearer(),
        "content-type": "application/json",
        "last-event-id": `${id}.2`,
      };
      const response = await fetch(`${on().gateway.url}/stream`, {
        method: "POST",
        headers,
        body: '{"q":"x"}',
      });
      expect(seqsOf(await response.text())).toEqual([3, 4, 5]);
    });

    test("an answer of /v1 is resumed in the dialect of /stream, by any number of later readers", async () => {
      const chat = await askChat(on(), "count to 3");
      const id = chat.headers.get("stream-id") as string;
      expect(await chat.text()).not.toMatch(/^(id|retry|event):/m);
      for (let i = 0; i < 3; i++) {
        const text = await (await byId(id)).text();
        expect(seqsOf(text)).toEqual(from(1, 6));
        expect(text).not.toContain("[DONE]");
      }
      expect(seqsOf(await (await byId(id, { "last-event-id": `${id}.0` })).text())).toEqual(
        from(1, 6),
      );
    });

    test("the terminal id gets 204 on both routes, and so does gone.0", async () => {
      const response = await askStream(on(), "count to 2");
      const terminal = parseEvents(await response.text()).at(-1)?.id as string;
      const id = response.headers.get("stream-id") as string;
      for (const lastEventId of [terminal, "gone.0"]) {
        const again = await askStream(on(), "count to 2", {
          headers: { "last-event-id": lastEventId },
        });
        expect([again.status, await again.text()]).toEqual([204, ""]);
      }
      expect((await byId(id, { "last-event-id": terminal })).status).toBe(204);
    });

    test.each([
      "garbage",
      "a.b.c",
      "0123456789abcdef0123456789abcdef.7",
      "a.-1",
      "é.1",
      "a.99999999999999999999",
    ])(
      "Last-Event-ID %j on /stream is one fault stream_gone, and asks nobody",
      async (lastEventId) => {
        const before = on().upstream.requests.length;
        const headers = { "last-event-id": encodeURIComponent(lastEventId) };
        const response = await askStream(on(), "hi", { headers });
        expect(response.status).toBe(200);
        const blocks = parseSse(await response.text());
        expect(blocks.length).toBe(1);
        expect(blocks[0]).toMatchObject({ id: "gone.0", event: "fault" });
        expect(JSON.parse(blocks[0]?.data ?? "")).toMatchObject({
          code: "stream_gone",
          retryable: false,
        });
        expect(on().upstream.requests.length).toBe(before);
      },
    );

    test("a seq that was never sent is gone, not silence", async () => {
      const id = (await askStream(on(), "count to 2")).headers.get("stream-id") as string;
      const response = await askStream(on(), "x", { headers: { "last-event-id": `${id}.999` } });
      expect(parseEvents(await response.text())[0]?.id).toBe("gone.0");
      expect((await byId(id, { "last-event-id": `${id}.999` })).status).toBe(404);
    });

    test("somebody else's stream looks like none", async () => {
      const response = await askStream(on(), "count to 2");
      const id = response.headers.get("stream-id") as string;
      const other = await byId(id, {}, OTHER_KEY);
      expect([other.status, (await errorOf(other)).code]).toEqual([404, "stream_gone"]);
      const headers = { "last-event-id": `${id}.1` };
      const onStream = await askStream(on(), "x", { key: OTHER_KEY, headers });
      expect(parseEvents(await onStream.text())[0]?.id).toBe("gone.0");
      const cancel = await fetch(`${on().gateway.url}/v1/streams/${id}`, {
        method: "DELETE",
        headers: bearer(OTHER_KEY),
      });
      expect(cancel.status).toBe(404);
    });

    test("an id of another stream on /v1/streams/{id} is 400", async () => {
      const id = (await askStream(on(), "count to 2")).headers.get("stream-id") as string;
      const response = await byId(id, { "last-event-id": "other.1" });
      expect([response.status, (await errorOf(response)).code]).toEqual([400, "invalid_request"]);
    });

    test("DELETE cancels upstream, tells other readers, and forgets", async () => {
      const prompt = `count to 2000 (${runtime} cancelled)`;
      const chat = await askChat(on(), prompt);
      const id = chat.headers.get("stream-id") as string;
      const reader = byId(id).then((response) => response.text());
      await until(async () => (await on().gateway.metric("open_readers")) >= 2);
      const cancel = await fetch(`${on().gateway.url}/v1/streams/${id}`, {
        method: "DELETE",
        headers: bearer(),
      });
      expect(cancel.status).toBe(204);
      expect(JSON.parse(parseEvents(await reader).at(-1)?.data ?? "")).toMatchObject({
        code: "cancelled",
        retryable: false,
      });
      expect(JSON.parse(parseEvents(await chat.text()).at(-1)?.data ?? "").error.code).toBe(
        "cancelled",
      );
      await until(() => on().upstream.cancelled.some(({ body }) => body.includes(prompt)));
      expect((await byId(id)).status).toBe(404);
    });

    test("the ninth reader of a stream is refused", async () => {
      const first = await askStream(on(), `count to 500 (${runtime} crowd)`, {
        more: { model: MODEL },
      });
      const id = first.headers.get("stream-id") as string;
      const others = await Promise.all(Array.from({ length: 7 }, () => byId(id)));
      const ninth = await byId(id);
      expect([ninth.status, (await errorOf(ninth)).code]).toEqual([429, "too_many_streams"]);
      await fetch(`${on().gateway.url}/v1/streams/${id}`, { method: "DELETE", headers: bearer() });
      for (const response of [first, ...others]) await response.text();
    });
  });

  describe("resume, with STREAM_TTL_MS=0", () => {
    const on = stage(runtime, { env: { STREAM_TTL_MS: "0" } });

    test("nothing is kept after the end", async () => {
      const response = await askStream(on(), "count to 2");
      await response.text();
      const id = response.headers.get("stream-id") as string;
      const again = await fetch(`${on().gateway.url}/v1/streams/${id}`, { headers: bearer() });
      expect(again.status).toBe(404);
      await until(async () => (await on().gateway.metric("log_bytes")) === 0);
    });
  });
}
