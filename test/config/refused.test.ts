import { describe, expect, test } from "bun:test";
import { type Env, faultsOf, SECRET } from "./reading.ts";

describe("the configuration", () => {
  test.each<[Env, string]>([
    [{ KEYS_FILE: undefined }, "KEYS_FILE"],
    [{ MISTRAL_API_KEY: undefined }, "MISTRAL_API_KEY"],
    [{ MISTRAL_API_KEY: " , ,, " }, "MISTRAL_API_KEY"],
    [{ MISTRAL_API_KEY: "two\nlines" }, "MISTRAL_API_KEY"],
    [{ MISTRAL_API_KEY: "clé" }, "MISTRAL_API_KEY"],
    [{ MISTRAL_API_KEY: undefined, MISTRAL_API_KEY_FILE: "/run/gone" }, "MISTRAL_API_KEY_FILE"],
    [{ MISTRAL_API_KEY: undefined, MISTRAL_API_KEY_FILE: "/run/empty" }, "MISTRAL_API_KEY"],
    [{ MISTRAL_API_KEY_FILE: "/run/key" }, "MISTRAL_API_KEY"],
    [{ UPSTREAM: "Mistral" }, "UPSTREAM"],
    [{ MISTRAL_SERVER_URL: "api.mistral.ai" }, "MISTRAL_SERVER_URL"],
    [{ MISTRAL_SERVER_URL: "ftp://x" }, "MISTRAL_SERVER_URL"],
    [{ MISTRAL_SERVER_URL: "https://u:p@x" }, "MISTRAL_SERVER_URL"],
    [{ MISTRAL_SERVER_URL: "https://:p@x" }, "MISTRAL_SERVER_URL"],
    [{ MISTRAL_SERVER_URL: "https://x?a=1" }, "MISTRAL_SERVER_URL"],
    [{ MISTRAL_SERVER_URL: "," }, "MISTRAL_SERVER_URL"],
    [{ PORT: "80a" }, "PORT"],
    [{ PORT: "-1" }, "PORT"],
    [{ PORT: "65536" }, "PORT"],
    [{ PORT: "8080.5" }, "PORT"],
    [{ PORT: "0x50" }, "PORT"],
    [{ PORT: "9090" }, "ADMIN_PORT"],
    [{ MAX_STREAMS: "0" }, "MAX_STREAMS"],
    [{ MAX_STREAMS: "1e3" }, "MAX_STREAMS"],
    [{ MAX_BODY_BYTES: "4MB" }, "MAX_BODY_BYTES"],
    [{ MAX_EVENT_BYTES: "1" }, "MAX_EVENT_BYTES"],
    [{ LOG_MAX_BYTES: "1" }, "LOG_MAX_BYTES"],
    [{ HEARTBEAT_MS: "15s" }, "HEARTBEAT_MS"],
    [{ FIRST_EVENT_TIMEOUT_MS: "0" }, "FIRST_EVENT_TIMEOUT_MS"],
    [{ IDLE_TIMEOUT_MS: "Infinity" }, "IDLE_TIMEOUT_MS"],
    [{ TOTAL_TIMEOUT_MS: "99999999999" }, "TOTAL_TIMEOUT_MS"],
    [{ DRAIN_MS: "-0" }, "DRAIN_MS"],
    [{ STREAM_TTL_MS: "NaN" }, "STREAM_TTL_MS"],
    [{ LOG_LEVEL: "verbose" }, "LOG_LEVEL"],
    ...[
      "*",
      "null",
      "app.example.com",
      "https://app.example.com/",
      "HTTPS://app.example.com",
      "https://app.example.com/x",
      "https://*.example.com/",
      "https://app.example.com:443",
      "file:///x",
    ].map((origin): [Env, string] => [{ CORS_ORIGINS: origin }, "CORS_ORIGINS"]),
    ...[
      "evil",
      "1.2",
      "1.2.3.4:5678",
      "010.0.0.1",
      "10.0.0.010/8",
      "256.0.0.1",
      "10.0.0.0/33",
      "10.0.0.0/-1",
      "10.0.0.0/",
      "0x0a.0.0.1",
      "10.0.0.0/8/8",
      "::1/129",
      "1:2:3/64",
      "fe80::1%eth0",
      "/8",
      "localhost",
    ].map((cidr): [Env, string] => [{ TRUSTED_PROXIES: cidr }, "TRUSTED_PROXIES"]),
  ])("refuses %j, by the name of the variable", (env, name) => {
    const faults = faultsOf(env);
    expect(faults.length).toBeGreaterThan(0);
    expect(faults.some((fault) => fault.startsWith(`${name} `))).toBe(true);
  });

  test("reports every fault at once", () => {
    const env = {
      KEYS_FILE: "",
      MISTRAL_API_KEY: "",
      PORT: "x",
      LOG_LEVEL: "loud",
      CORS_ORIGINS: "*,null",
      DRAIN_MS: "1h",
    };
    const names = faultsOf(env).map((fault) => fault.split(" ")[0] as string);
    expect(names.toSorted()).toEqual([
      "CORS_ORIGINS",
      "CORS_ORIGINS",
      "DRAIN_MS",
      "KEYS_FILE",
      "LOG_LEVEL",
      "MISTRAL_API_KEY",
      "PORT",
    ]);
  });

  test("never shows a secret in a fault", () => {
    const all = [
      faultsOf({ MISTRAL_API_KEY: `${SECRET}\u00e9`, PORT: "x" }),
      faultsOf({ MISTRAL_API_KEY_FILE: "/run/key", PORT: "x" }),
      faultsOf({ MISTRAL_SERVER_URL: `https://user:${SECRET}@host` }),
      faultsOf({ MISTRAL_SERVER_URL: `http://${SECRET} x` }),
      faultsOf({ MISTRAL_SERVER_URL: `https://host?key=${SECRET}` }),
    ].flat();
    expect(all.length).toBeGreaterThan(4);
    expect(all.join()).not.toContain(SECRET);
  });
});
