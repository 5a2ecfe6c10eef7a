import { describe, expect, test } from "bun:test";
import { toList } from "../../app/config.ts";
import { configOf, SECRET } from "./reading.ts";

describe("the configuration", () => {
  test("has the defaults of the contract", () => {
    expect(configOf({})).toMatchObject({
      upstream: {
        kind: "mistral",
        servers: ["https://api.mistral.ai"],
        defaultModel: "mistral-large-latest",
        keys: [SECRET],
        keysPath: undefined,
      },
      keysFile: "/keys.json",
      corsOrigins: [],
      trustedProxies: [],
      listen: { host: "127.0.0.1", port: 8080, adminPort: 9090 },
      bounds: {
        maxStreams: 2000,
        maxBodyBytes: 4194304,
        maxEventBytes: 8388608,
        logMaxBytes: 268435456,
      },
      deadlines: {
        heartbeatMs: 15_000,
        firstEventMs: 60_000,
        idleMs: 60_000,
        totalMs: 600_000,
        drainMs: 300_000,
        streamTtlMs: 300_000,
      },
      logLevel: "info",
    });
  });

  test("cannot be changed afterwards, however deep", () => {
    const config = configOf({});
    expect(() => Object.assign(config.deadlines, { idleMs: 1 })).toThrow(TypeError);
    expect(() => (config.upstream.keys as string[]).push("x")).toThrow(TypeError);
  });

  test("takes a secret from its file, and remembers where it is", () => {
    const { upstream } = configOf({ MISTRAL_API_KEY: undefined, MISTRAL_API_KEY_FILE: "/run/key" });
    expect([upstream.keys, upstream.keysPath]).toEqual([[SECRET, "second"], "/run/key"]);
  });

  test.each<[string, string | undefined, readonly string[]]>([
    ["simulated", undefined, ["simulated"]],
    ["openai", undefined, []],
    ["openai", "k", ["k"]],
  ])("UPSTREAM=%s with the key %p asks with %j", (UPSTREAM, MISTRAL_API_KEY, keys) => {
    expect(configOf({ UPSTREAM, MISTRAL_API_KEY }).upstream.keys).toEqual(keys);
  });

  test("takes several servers, in order and without their last slash", () => {
    const { servers } = configOf({
      MISTRAL_SERVER_URL: "https://a/, http://b:8000/base//",
    }).upstream;
    expect(servers).toEqual(["https://a", "http://b:8000/base"]);
  });

  test("takes exact origins", () => {
    const CORS_ORIGINS = "https://app.example.com, http://localhost:5173";
    expect(configOf({ CORS_ORIGINS }).corsOrigins).toEqual([
      "https://app.example.com",
      "http://localhost:5173",
    ]);
  });

  test.each([
    ["10.0.0.0/8", "10.0.0.0", 8],
    ["192.168.1.1", "192.168.1.1", 32],
    ["0.0.0.0/0", "0.0.0.0", 0],
    ["2001:db8::/32", "2001:db8::", 32],
    ["::1", "::1", 128],
  ])("trusts %s", (cidr, address, bits) => {
    const [range] = configOf({ TRUSTED_PROXIES: cidr }).trustedProxies;
    expect([range?.[0].toString(), range?.[1]]).toEqual([address, bits]);
  });

  test("takes port 0 for both listeners", () => {
    expect(configOf({ PORT: "0", ADMIN_PORT: "0" }).listen).toMatchObject({
      port: 0,
      adminPort: 0,
    });
  });
});

test.each([
  [undefined, []],
  ["", []],
  [" a , b,,c ", ["a", "b", "c"]],
])("a list of %j is %j", (text, list) => {
  expect(toList(text)).toEqual(list);
});
