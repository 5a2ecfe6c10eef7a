import { expect, test } from "bun:test";
import { readJson } from "../../app/http/body.ts";

const requestOf = (body: BodyInit, headers: Record<string, string> = {}) =>
  new Request("http://localhost/stream", {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body,
  });

test("a body that does not come whole in its time is refused, and its rest dropped", async () => {
  let dropped = false;
  const stalled = new ReadableStream({
    start: (controller) => controller.enqueue(new TextEncoder().encode('{"q":"h')),
    cancel() {
      dropped = true;
    },
  });
  const asked = readJson(requestOf(stalled), 1000, 30);
  expect(asked).rejects.toMatchObject({
    code: "invalid_request",
    message: "The body did not come whole within 30 ms.",
  });
  await asked.catch(() => {});
  expect(dropped).toBe(true);
});

test("so is one that names its length", async () => {
  const stalled = new ReadableStream({
    start: (controller) => controller.enqueue(new TextEncoder().encode('{"q":"h')),
  });
  const asked = readJson(requestOf(stalled, { "content-length": "100" }), 1000, 30);
  await expect(asked).rejects.toMatchObject({
    code: "invalid_request",
    message: "The body did not come whole within 30 ms.",
  });
});

test("a body that comes in time is read, in whatever pieces", async () => {
  const pieces = new ReadableStream({
    async start(controller) {
      for (const byte of new TextEncoder().encode('{"q":"é🚀"}')) {
        controller.enqueue(Uint8Array.of(byte));
        await Bun.sleep(0);
      }
      controller.close();
    },
  });
  expect((await readJson(requestOf(pieces), 1000, 2000)).json).toEqual({ q: "é🚀" });
});
