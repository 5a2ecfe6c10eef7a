/** `Idempotency-Key`: a repeat reads the first request's completion, and is no second bill. */

import { describe, expect, test } from "bun:test";
import type { RuntimeName } from "../support/gateway.ts";
import { OTHER_KEY } from "../support/keys.ts";
import { contentOf } from "./content.ts";
import { askChat, errorOf, readUntil, stage, until } from "./stage.ts";
import { expectNothingOpen } from "./told.ts";

export function idempotency(runtime: RuntimeName): void {
  describe("Idempotency-Key", () => {
    const on = stage(runtime);
    const asked = (prompt: string) =>
      on().upstream.requests.filter(({ body }) => body.includes(prompt)).length;
    const keyed = (key: string, more: Record<string, unknown> = {}) => ({
      headers: { "idempotency-key": key },
      more,
    });

    test("a repeat gets the same bytes, during the stream and after it, streaming or not", async () => {
      const first = askChat(on(), "count to 30 fault:slow:20", keyed("twice"));
      const second = askChat(on(), "count to 30 fault:slow:20", keyed("twice"));
      const texts = [await (await first).text(), await (await second).text()];
      const third = await askChat(on(), "count to 30 fault:slow:20", keyed("twice"));
      expect(third.headers.get("stream-id")).toBe((await first).headers.get("stream-id"));
      expect([...texts, await third.text()]).toEqual(Array(3).fill(texts[0]));
      expect(texts[0]).toEndWith("data: [DONE]\n\n");
      expect(asked("count to 30 fault:slow:20")).toBe(1);

      const whole = () => askChat(on(), "count to 31", keyed("whole", { stream: false }));
      const bodies = await Promise.all([whole(), whole()].map(async (r) => (await r).text()));
      expect(await (await whole()).text()).toBe(bodies[0] as string);
      expect(bodies[1]).toBe(bodies[0] as string);
      expect(asked("count to 31")).toBe(1);
      await expectNothingOpen(on());
    });

    test("a client that lost its connection and repeats gets the answer from its start", async () => {
      const prompt = "count to 40 lost fault:slow:20";
      const lost = await askChat(on(), prompt, keyed("lost"));
      await readUntil(lost, (text) => text.includes('" 4"'));
      await Bun.sleep(50);
      const again = await askChat(on(), prompt, keyed("lost"));
      expect(contentOf(await again.text())).toMatch(/^1 2 3 .* 40$/);
      expect(asked(prompt)).toBe(1);
    });

    test("another body under the same key is 422", async () => {
      await (await askChat(on(), "first", keyed("same"))).text();
      const other = await askChat(on(), "second", keyed("same"));
      expect([other.status, (await errorOf(other)).code]).toEqual([422, "idempotency_mismatch"]);
      expect(asked("second")).toBe(0);
    });

    test("somebody else's key of that name is another one", async () => {
      await (await askChat(on(), "mine", keyed("shared"))).text();
      const theirs = await askChat(on(), "theirs", { ...keyed("shared"), key: OTHER_KEY });
      expect(theirs.status).toBe(200);
      await theirs.text();
      expect(asked("theirs")).toBe(1);
    });

    test("a completion that failed is asked again", async () => {
      const prompt = "fault:status:400,ok again";
      expect((await askChat(on(), prompt, keyed("again"))).status).toBe(422);
      const second = await askChat(on(), prompt, keyed("again"));
      expect(second.status).toBe(200);
      await second.text();
      expect(asked(prompt)).toBe(2);
    });

    test("a hundred at once are one completion, and one stream of the principal's", async () => {
      const prompt = "count to 20 crowd fault:slow:20";
      const crowd = Array.from({ length: 100 }, () => askChat(on(), prompt, keyed("crowd")));
      const responses = await Promise.all(crowd);
      const good = responses.filter(({ status }) => status === 200);
      expect(good.length).toBe(8); // readers of one stream
      for (const response of responses) {
        if (response.status !== 200)
          expect((await errorOf(response)).code).toBe("too_many_streams");
        else expect(contentOf(await response.text())).toEndWith(" 20");
      }
      expect(asked(prompt)).toBe(1);
      await until(async () => (await on().gateway.metric("open_readers")) === 0);
    });

    test.each(["", "has space", "x".repeat(257)])("%j is refused as a key", async (key) => {
      const response = await askChat(on(), "never asked", keyed(key));
      expect([response.status, (await errorOf(response)).param]).toEqual([400, "idempotency-key"]);
      expect(asked("never asked")).toBe(0);
    });
  });
}
