/** Heartbeats as often as they can come: never inside an event, and nothing else is changed by them. */

import { describe, expect, test } from "bun:test";
import type { RuntimeName } from "../support/gateway.ts";
import { parseEvents } from "../support/sse.ts";
import { contentOf } from "./content.ts";
import { askChat, askStream, stage } from "./stage.ts";

export function heartbeat(runtime: RuntimeName): void {
  describe("heartbeats every 10 ms", () => {
    const on = stage(runtime, { env: { HEARTBEAT_MS: "10" } });

    test.each(["one-byte count to 20", "slow:35 count to 20"])(
      "stand between the events of fault:%s, on both dialects",
      async (fault) => {
        const streamed = await (await askStream(on(), `fault:${fault}`)).text();
        expect(streamed.match(/^: ping$/gm)?.length).toBeGreaterThan(0);
        const bare = streamed.replaceAll(": ping\n\n", "");
        expect(bare).not.toContain(": ping");
        const ids = parseEvents(bare).map(({ id }) => Number(id?.split(".")[1]));
        expect(ids).toEqual(ids.map((_, i) => i + 1));
        expect(contentOf(bare)).toStartWith("1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20");

        const chat = await (await askChat(on(), `fault:${fault}`)).text();
        expect(chat.match(/^: ping$/gm)?.length).toBeGreaterThan(0);
        // What is left is upstream's events and nothing but their lines and blank lines.
        const bytes = chat.replaceAll(": ping\n", "");
        expect(bytes).toMatch(/^(data: [^\n]+\n\n)+$/);
        expect(bytes).toEndWith("data: [DONE]\n\n");
        expect(contentOf(bytes)).toBe(contentOf(bare));
      },
    );
  });
}
