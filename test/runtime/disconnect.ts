/** Clients that leave: upstream is cancelled in time, others stream on, every slot comes back. */

import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import type { RuntimeName } from "../support/gateway.ts";
import { KEY } from "../support/keys.ts";
import { contentOf } from "./content.ts";
import { askChat, askStream, bearer, readUntil, type Stage, stage, until } from "./stage.ts";

/** What the issue allows between the end of grace and upstream seeing the cancel. */
const CANCEL_MS = 100;

export function disconnect(runtime: RuntimeName): void {
  describe("disconnect", () => {
    const on = stage(runtime, { paceMs: 10 });
    const usage = async ({ gateway }: Stage) => {
      const response = await fetch(`${gateway.url}/v1/usage`, { headers: bearer() });
      return ((await response.json()) as { used: { streams: number } }).used;
    };
    const leftAt = async (prompt: string) =>
      (await until(() => on().upstream.cancelled.find(({ body }) => body.includes(prompt)))).at;

    test.each([
      ["/v1 without a grace", askChat, {}, 0],
      ["/stream with grace 0", askStream, { "stream-grace": "0" }, 0],
      ["/v1 with grace 0.5", askChat, { "stream-grace": "0.5" }, 500],
      [
        "/v1 with an Idempotency-Key and grace 0",
        askChat,
        { "idempotency-key": "k0", "stream-grace": "0" },
        0,
      ],
    ] as const)(
      "%s: upstream is cancelled at the end of the grace",
      async (name, ask, headers, graceMs) => {
        const prompt = `count to 900 ${name}`;
        const response = await ask(on(), prompt, { headers });
        await readUntil(response, (text) => text.includes("data: "));
        const at = performance.now();
        const tookMs = (await leftAt(prompt)) - at;
        expect(tookMs).toBeGreaterThan(graceMs - 20);
        expect(tookMs).toBeLessThan(graceMs + CANCEL_MS);
      },
    );

    test("a client that leaves before the first event ends the asking", async () => {
      const prompt = "fault:no-headers left early";
      const controller = new AbortController();
      const asked = askChat(on(), prompt, { signal: controller.signal }).catch(() => undefined);
      await until(() => on().upstream.requests.some(({ body }) => body.includes(prompt)));
      const at = performance.now();
      controller.abort();
      await asked;
      expect((await leftAt(prompt)) - at).toBeLessThan(CANCEL_MS);
    });

    test("a client that leaves a call without streaming ends it too", async () => {
      const prompt = "fault:delay:3000 left whole";
      const controller = new AbortController();
      const asked = askChat(on(), prompt, {
        signal: controller.signal,
        more: { stream: false },
      }).catch(() => undefined);
      await until(() => on().upstream.requests.some(({ body }) => body.includes(prompt)));
      controller.abort();
      await asked;
      await leftAt(prompt);
    });

    test("on /stream the answer goes on for its grace, and a resume finds it", async () => {
      const prompt = "count to 30 resumed in its grace";
      const response = await askStream(on(), prompt);
      const id = response.headers.get("stream-id");
      const begun = await readUntil(
        response,
        (text) => text.includes(`id: ${id}.2\n`) && text.endsWith("\n\n"),
      );
      const rest = await askStream(on(), prompt, { headers: { "last-event-id": `${id}.1` } });
      const numbers = contentOf(await rest.text());
      expect(numbers).toEndWith(" 29 30");
      expect(begun).toContain(`${id}.1`);
    });

    test("twenty clients abort at random while ten stream on undisturbed", async () => {
      const steady = Array.from({ length: 10 }, async (_, i) =>
        contentOf(await (await askStream(on(), `count to 80 steady ${i}`)).text()),
      );
      const leaving = Array.from({ length: 20 }, async (_, i) => {
        const controller = new AbortController();
        setTimeout(() => controller.abort(), Math.random() * 600);
        const ask = i % 2 === 0 ? askChat : askStream;
        const headers = { "stream-grace": "0" };
        await ask(on(), `count to 900 leaving ${i}.`, { headers, signal: controller.signal })
          .then((response) => response.text())
          .catch(() => undefined);
      });
      await Promise.all(leaving);
      const whole = Array.from({ length: 80 }, (_, i) => i + 1).join(" ");
      expect(await Promise.all(steady)).toEqual(steady.map(() => whole));
      await until(async () => (await usage(on())).streams === 0);
      await until(async () => (await on().gateway.metric("open_readers")) === 0);
      expect(await on().gateway.metric("open_streams")).toBe(0);
      expect(on().gateway.stderr()).toBe("");
    });

    test("a reader that does not read keeps memory flat, and pauses its own upstream alone", async () => {
      const rssMb = () => {
        const [, kb] =
          /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${on().gateway.pid}/status`, "utf8")) ?? [];
        return Number(kb) / 1024;
      };
      const socket = connect(Number(new URL(on().gateway.url).port), "127.0.0.1");
      const body = JSON.stringify({ q: "fault:many:200000:500 unread" });
      socket.write(
        `POST /stream HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${KEY}\r\nContent-Type: application/json\r\n` +
          `Content-Length: ${body.length}\r\nStream-Grace: 0\r\n\r\n${body}`,
      );
      socket.pause();
      await until(() => on().upstream.requests.some((request) => request.body.includes("unread")));
      await Bun.sleep(700);
      const early = rssMb();
      expect(contentOf(await (await askStream(on(), "count to 50 beside")).text())).toEndWith(
        " 50",
      );
      await Bun.sleep(700);
      expect(rssMb() - early).toBeLessThan(20);
      // 100 MB were asked for; what the log holds is the kernel's buffers and the mebibyte of lag.
      expect(await on().gateway.metric("log_bytes")).toBeLessThan(25_000_000);
      socket.destroy();
      await leftAt("unread");
    });
  });
}
