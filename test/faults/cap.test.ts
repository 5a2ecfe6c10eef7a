/** What Bun would do by itself, if the entry let it. */

import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { ownStage } from "../runtime/own-stage.ts";
import { askStream, bearer, errorOf, JSON_TYPE, MODEL, readUntil } from "../runtime/stage.ts";
import { rawRequest } from "../support/raw.ts";

/** Bun's cap on requests to upstream where nobody lifts it (facts, 16). */
const BUN_REQUESTS = 256;
/** Longer than Bun's own idle limit of 10 s (facts, 17). */
const SILENT_MS = 16_000;

setDefaultTimeout(30_000);

describe("on Bun", () => {
  test.concurrent("without BUN_CONFIG_MAX_HTTP_REQUESTS, admission stays below Bun's cap, and says so", async () => {
    await using pair = await ownStage({ env: { BUN_CONFIG_MAX_HTTP_REQUESTS: undefined } });
    const warned = pair.gateway.lines.find(({ level }) => level === 40);
    expect(warned).toMatchObject({ count: BUN_REQUESTS - 1 });
    const headers = { ...bearer(), "stream-grace": "0" };
    const clients = Array.from({ length: BUN_REQUESTS - 1 }, () =>
      rawRequest(pair.gateway.url, { path: "/stream?q=fault:silence:1", headers }),
    );
    while (clients.some((client) => client.bytes() === 0)) await Bun.sleep(20);
    expect(clients.every((client) => client.status() === 200)).toBe(true);
    const one = await askStream(pair, "one too many");
    expect([one.status, (await errorOf(one)).code]).toEqual([503, "overloaded"]);
    expect(pair.upstream.open()).toBe(BUN_REQUESTS - 1);
    for (const { socket } of clients) socket.destroy();
  });

  test.concurrent("a stream and a slow answer outlive 10 s of silence", async () => {
    await using pair = await ownStage({ env: { HEARTBEAT_MS: "60000" } });
    const silent = await askStream(pair, "fault:silence:1");
    const slow = fetch(`${pair.gateway.url}/v1/chat/completions`, {
      method: "POST",
      headers: { ...bearer(), ...JSON_TYPE },
      body: JSON.stringify({
        model: MODEL,
        messages: [{ role: "user", content: `fault:delay:${SILENT_MS}` }],
      }),
    });
    await Bun.sleep(SILENT_MS);
    expect(await pair.gateway.metric("open_readers")).toBe(1);
    expect((await slow).status).toBe(200);
    expect(pair.upstream.cancelled).toHaveLength(0);
    await readUntil(silent, () => true);
  });
});
