/** A bug of our own: the client is told nothing of it, the log everything. */

import { expect, test } from "bun:test";
import { readConfig } from "../../app/config.ts";
import { parseKeys } from "../../app/core/keys-file.ts";
import { createGateway } from "../../app/gateway.ts";
import { createLog } from "../../app/telemetry/log.ts";
import { createSimulated } from "../../app/upstream/simulated/simulated.ts";
import { bearer } from "../runtime/stage.ts";
import { createKeysFile } from "../support/keys.ts";

const DETAIL = "detail that no client may see";

test("an unexpected error is 500 internal, its detail in the log alone, under the request id", async () => {
  const read = readConfig({ UPSTREAM: "simulated", KEYS_FILE: "given" }, () => "");
  const parsed = parseKeys(JSON.stringify(createKeysFile()));
  if ("faults" in read || !parsed.ok) throw new Error("The test's own configuration is wrong.");
  const lines: string[] = [];
  const gateway = createGateway({
    config: read.config,
    keys: parsed.keys,
    log: createLog("info", (line) => lines.push(line)),
    upstreamFetch: createSimulated({ paceMs: 0 }),
    newId() {
      throw new Error(DETAIL);
    },
  });
  const request = new Request("http://localhost/stream?q=hi", {
    headers: { ...bearer(), "x-request-id": "the-clients-own" },
  });
  const response = await gateway.fetch(request, "127.0.0.1");
  const text = await response.text();
  expect([response.status, JSON.parse(text).code]).toEqual([500, "internal"]);
  expect(text).not.toContain("detail");
  const told = lines.find((line) => line.includes(DETAIL)) ?? "";
  expect(told).toContain("the-clients-own");
  expect(JSON.parse(told).level).toBe(50);
  await gateway.drain();
});
