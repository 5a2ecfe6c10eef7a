/** A configuration that cannot be used: status 78, every fault at once, and no secret in any of them. */

import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { failToStart, type RuntimeName } from "../support/gateway.ts";
import { createKeysFile } from "../support/keys.ts";
import { ownStage } from "./own-stage.ts";
import { bearer, until } from "./stage.ts";

const EX_CONFIG = 78;
const SECRET = "not-to-be-shown";

export function config(runtime: RuntimeName): void {
  describe("a configuration that cannot be used", () => {
    test("ends the process with 78 and names every variable at once", async () => {
      const { status, stderr, stdout } = await failToStart(runtime, {
        PORT: "http",
        ADMIN_PORT: "70000",
        HEARTBEAT_MS: "-1",
        MAX_STREAMS: "0",
        LOG_LEVEL: "loud",
        UPSTREAM: "other",
        CORS_ORIGINS: "*",
        TRUSTED_PROXIES: "10.0.0/8",
        MISTRAL_SERVER_URL: `https://user:${SECRET}@example.com`,
        MISTRAL_API_KEY: `${SECRET}\u00e9`,
      });
      expect(status).toBe(EX_CONFIG);
      const names = stderr.split("\n").map((line) => /^ {2}([A-Z_]+) /.exec(line)?.[1]);
      expect(names.filter((name) => name !== undefined).toSorted()).toEqual([
        "ADMIN_PORT",
        "CORS_ORIGINS",
        "HEARTBEAT_MS",
        "KEYS_FILE",
        "LOG_LEVEL",
        "MAX_STREAMS",
        "MISTRAL_API_KEY",
        "MISTRAL_SERVER_URL",
        "PORT",
        "TRUSTED_PROXIES",
        "UPSTREAM",
      ]);
      expect(stderr + stdout).not.toContain(SECRET);
      expect(stderr).not.toContain("    at ");
    });

    test("tells a broken KEYS_FILE by line and field, beside the faults of variables", async () => {
      const folder = mkdtempSync(join(tmpdir(), "mistral-stream-config-"));
      const path = join(folder, "keys.json");
      const file = {
        ...createKeysFile({ plan: { burst: 0 } }),
        keys: [{ id: "a b", digests: [] }],
      };
      writeFileSync(path, JSON.stringify(file, null, 2));
      const { status, stderr } = await failToStart(runtime, { KEYS_FILE: path });
      rmSync(folder, { recursive: true });
      expect(status).toBe(EX_CONFIG);
      expect(stderr).toContain("MISTRAL_API_KEY ");
      expect(stderr).toMatch(/KEYS_FILE .*line \d+: plans\.default\.burst: /);
      expect(stderr).toMatch(/KEYS_FILE .*line \d+: keys\.0\.id: /);
    });

    test("includes a port that another gateway has: they never share one", async () => {
      await using pair = await ownStage({ runtime });
      const env = { ADMIN_PORT: "0", KEYS_FILE: pair.gateway.keysFile, UPSTREAM: "simulated" };
      const { port } = new URL(pair.gateway.url);
      const { status, stderr } = await failToStart(runtime, { ...env, PORT: port });
      expect(status).toBe(EX_CONFIG);
      expect(stderr).toContain(`port ${port}`);
    });
  });

  describe("HOST ::, which takes both families of addresses", () => {
    test("knows an IPv4 client by its IPv4 address", async () => {
      await using pair = await ownStage({
        runtime,
        env: { HOST: "::", TRUSTED_PROXIES: "127.0.0.0/8" },
      });
      const { lines, url } = pair.gateway;
      const origin = `http://127.0.0.1:${new URL(url).port}`;
      const ask = (headers: Record<string, string>) =>
        fetch(`${origin}/stream?q=hi`, { headers: { ...bearer(), ...headers } });
      await (await ask({})).text();
      await (await ask({ "x-forwarded-for": "6.6.6.6, 203.0.113.7" })).text();
      await until(() => lines.filter(({ msg }) => msg === "stream").length === 2);
      const addresses = lines.filter(({ msg }) => msg === "stream").map((line) => line["address"]);
      expect(addresses).toEqual(["127.0.0.1", "203.0.113.7"]);
    });
  });
}
