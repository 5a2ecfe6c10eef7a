import { describe, expect, test } from "bun:test";
import { ERROR_BODY_BYTES, ERROR_MESSAGE_CHARS } from "../../app/core/bounds.ts";
import { readRefusal } from "../../app/upstream/refusal.ts";

const NOW = Date.UTC(2026, 0, 1);
const KEY = "sk-mistral-0123456789";
const error = (message: string) => ({ object: "error", message });

/** What a client is told of an error with this body. */
async function read(status: number, body: unknown): Promise<string> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const { failure } = await readRefusal(new Response(text, { status }), NOW, KEY);
  return failure.fault.message;
}

describe("upstream's message", () => {
  test("never holds the key that was asked with", async () => {
    for (const body of [
      error(`bad key ${KEY} and ${KEY}`),
      `bad ${KEY}`,
      { detail: [{ input: KEY }] },
      `${"x".repeat(ERROR_MESSAGE_CHARS - 9)}${KEY}`,
    ]) {
      const message = await read(400, body);
      expect(message).not.toContain(KEY.slice(0, 9));
    }
    expect(await read(429, error(`slow down, ${KEY}`))).toBe("slow down, [redacted]");
  });

  test("is cut short, and a body without end is not read to its end", async () => {
    expect(await read(400, "x".repeat(10_000))).toHaveLength(ERROR_MESSAGE_CHARS);
    let pulled = 0;
    let isCancelled = false;
    const body = new ReadableStream({
      pull(controller) {
        pulled += 1024;
        controller.enqueue(new Uint8Array(1024).fill(120));
      },
      cancel() {
        isCancelled = true;
      },
    });
    await readRefusal(new Response(body, { status: 400 }), NOW, KEY);
    expect(isCancelled).toBe(true);
    expect(pulled).toBeLessThanOrEqual(ERROR_BODY_BYTES + 4096);
  });

  test("that breaks off is what came of it", async () => {
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode("half a mess"));
      },
      pull: (controller) => controller.error(new Error("cut")),
    });
    const refusal = await readRefusal(new Response(body, { status: 400 }), NOW, KEY);
    expect(refusal.failure.outcome).toBe("upstream_rejected");
  });
});
