import { describe, expect, test } from "bun:test";
import { ADDRESS_LIMITS, parseKeys } from "../../app/core/keys-file.ts";

const SHA = "0123456789abcdef".repeat(4);
const PLAN = {
  requestsPerMinute: 60,
  burst: 10,
  concurrentStreams: 4,
  tokensPerDay: 200_000,
  maxOutputTokens: 4096,
};
const DIGEST = { sha256: SHA, notBefore: null, expiresAt: null };

// biome-ignore lint/suspicious/noExplicitAny: the table below breaks the file in ways that no type allows.
type File = any;

const valid = (): File => ({
  plans: { default: { ...PLAN }, big: { ...PLAN, burst: 100 } },
  ip: { requestsPerMinute: 120, burst: 30, concurrentStreams: 20, failedAuthPerMinute: 10 },
  keys: [{ id: "web", plan: "big", digests: [{ ...DIGEST }], models: ["mistral-*"] }],
});
const faultsOf = (text: string) => {
  const parsed = parseKeys(text);
  return parsed.ok ? [] : parsed.faults;
};
const write = (file: File) => JSON.stringify(file, null, 2);
const lineOf = (text: string, part: string) => text.slice(0, text.indexOf(part)).split("\n").length;

describe("a valid keys file", () => {
  test("grants by digest, with its plan, models and dates", () => {
    const file = valid();
    file.keys[0].digests[0].notBefore = "2026-01-01";
    file.keys[0].digests[0].expiresAt = "2027-01-01T00:00:00Z";
    const parsed = parseKeys(write(file));
    if (!parsed.ok) throw new Error(parsed.faults.join());
    expect(parsed.keys.grants.get(SHA)).toEqual({
      id: "web",
      planName: "big",
      plan: { ...PLAN, burst: 100 },
      models: ["mistral-*"],
      notBeforeMs: Date.UTC(2026, 0, 1),
      expiresAtMs: Date.UTC(2027, 0, 1),
    });
  });

  test.each([
    ["no keys at all", (file: File) => (file.keys = [])],
    ["a key without digests", (file: File) => (file.keys[0].digests = [])],
    ["a key without a plan, which is default", (file: File) => delete file.keys[0].plan],
    [
      "two digests of one key",
      (file: File) => file.keys[0].digests.push({ sha256: "f".repeat(64) }),
    ],
    [
      "dates with an offset",
      (file: File) => (file.keys[0].digests[0].expiresAt = "2027-01-01T00:00:00.5+02:00"),
    ],
    ["the largest numbers", (file: File) => (file.plans.default.burst = 1e12)],
    ["a leap day", (file: File) => (file.keys[0].digests[0].expiresAt = "2028-02-29")],
  ])("may have %s", (_, change) => {
    const file = valid();
    change(file);
    expect(faultsOf(write(file))).toEqual([]);
  });

  test("has limits for addresses where it names none", () => {
    const parsed = parseKeys(write({ ...valid(), ip: undefined }));
    expect(parsed.ok && parsed.keys.ip).toEqual(ADDRESS_LIMITS);
  });
});

describe("a bad value names its line and field", () => {
  /** What is broken, the text that its line holds, the field named, how. */
  const table: [field: string, onLine: string, change: (file: File) => void][] = [
    ["plans.default.burst", '"burst": 0', (f) => (f.plans.default.burst = 0)],
    ["plans.default.burst", '"burst": 1.5', (f) => (f.plans.default.burst = 1.5)],
    ["plans.default.burst", '"burst": -1', (f) => (f.plans.default.burst = -1)],
    ["plans.default.burst", '"burst": "10"', (f) => (f.plans.default.burst = "10")],
    ["plans.default.burst", '"burst": 1000000000001', (f) => (f.plans.default.burst = 1e12 + 1)],
    ["plans.default.burst", '"burst": null', (f) => (f.plans.default.burst = null)],
    ["plans.default.tokensPerDay", '"default"', (f) => delete f.plans.default.tokensPerDay],
    ["plans.default.tokens", '"tokens"', (f) => (f.plans.default.tokens = 1)],
    ["plans", '"plans"', (f) => (f.plans = [])],
    ["ip.failedAuthPerMinute", '"failedAuthPerMinute": 0', (f) => (f.ip.failedAuthPerMinute = 0)],
    ["ip.burst", '"ip"', (f) => delete f.ip.burst],
    ["keys", '"keys": {', (f) => (f.keys = {})],
    ["keys", "{", (f) => delete f.keys],
    ["keys.0.id", '"id": ""', (f) => (f.keys[0].id = "")],
    ["keys.0.id", '"id": "a b"', (f) => (f.keys[0].id = "a b")],
    ["keys.0.id", '"id": "aaaaaa', (f) => (f.keys[0].id = "a".repeat(65))],
    ["keys.0.plan", '"plan": "gone"', (f) => (f.keys[0].plan = "gone")],
    ["keys.0.plan", '"plan": "toString"', (f) => (f.keys[0].plan = "toString")],
    ["keys.0.plan", '"plan": "__proto__"', (f) => (f.keys[0].plan = "__proto__")],
    ["keys.0.digests", '"digests": "x"', (f) => (f.keys[0].digests = "x")],
    ["keys.0.digests.0.sha256", '"sha256": "abc"', (f) => (f.keys[0].digests[0].sha256 = "abc")],
    [
      "keys.0.digests.0.sha256",
      '"sha256": "ABC',
      (f) => (f.keys[0].digests[0].sha256 = SHA.toUpperCase().replace("0", "ABC").slice(0, 64)),
    ],
    ["keys.0.digests.0.notBefore", '"notBefore": 5', (f) => (f.keys[0].digests[0].notBefore = 5)],
    [
      "keys.0.digests.0.notBefore",
      '"notBefore": "tomorrow"',
      (f) => (f.keys[0].digests[0].notBefore = "tomorrow"),
    ],
    [
      "keys.0.digests.0.expiresAt",
      '"expiresAt": "2027-13-01"',
      (f) => (f.keys[0].digests[0].expiresAt = "2027-13-01"),
    ],
    [
      "keys.0.digests.0.expiresAt",
      '"expiresAt": "2027-02-30"',
      (f) => (f.keys[0].digests[0].expiresAt = "2027-02-30"),
    ],
    [
      "keys.0.digests.0.expiresAt",
      '"expiresAt": "2027-02-29T00',
      (f) => (f.keys[0].digests[0].expiresAt = "2027-02-29T00:00:00Z"),
    ],
    [
      "keys.0.digests.0.expiresAt",
      '"expiresAt": "2027-01-01T00:00:00"',
      (f) => (f.keys[0].digests[0].expiresAt = "2027-01-01T00:00:00"),
    ],
    ["keys.0.digests.0.expiresAt", '"expiresAt": ""', (f) => (f.keys[0].digests[0].expiresAt = "")],
    ["keys.0.models.0", '""', (f) => (f.keys[0].models = [""])],
    ["keys.0.models", '"models": "mistral"', (f) => (f.keys[0].models = "mistral")],
    ["keys.0.secret", '"secret"', (f) => (f.keys[0].secret = "ms_x")],
    ["extra", '"extra"', (f) => (f.extra = 1)],
    [
      "keys.1.id",
      '"id": "web",\n      "digests": []',
      (f) => f.keys.push({ id: "web", digests: [] }),
    ],
    [
      "keys.1.digests.0.sha256",
      `"sha256": "${SHA}"\n`,
      (f) => f.keys.push({ id: "b", digests: [{ sha256: SHA }] }),
    ],
    ["plans.7.burst", '"burst": 0', (f) => (f.plans["7"] = { ...PLAN, burst: 0 })],
  ];

  test.each(table)("%s, at %j", (field, onLine, change) => {
    const file = valid();
    change(file);
    const text = write(file);
    expect(faultsOf(text)).toEqual([
      expect.stringMatching(new RegExp(`^line ${lineOf(text, onLine)}: ${field}: .`)),
    ]);
  });

  test("and every other one too, all at once", () => {
    const file = valid();
    file.plans.default.burst = 0;
    file.keys[0].id = "";
    file.extra = 1;
    const fields = faultsOf(write(file)).map((fault) => fault.split(": ")[1] as string);
    expect(fields.toSorted()).toEqual(["extra", "keys.0.id", "plans.default.burst"]);
  });
});

describe("what is no JSON names its line", () => {
  test.each([
    ["an empty file", "", 1],
    ["a missing comma", '{\n  "plans": {}\n  "keys": []\n}', 3],
    ["a comma too many", '{\n  "plans": {},\n  "keys": [],\n}', 4],
    ["a comment", '{\n  // plans\n  "plans": {}, "keys": []\n}', 2],
    ["a file that breaks off", '{\n  "plans": {', 2],
    ["a quote of the wrong kind", "{\n  'plans': {}\n}", 2],
    ["text behind the end", '{ "plans": {}, "keys": [] }\n\nx', 3],
    ["a byte order mark", '\uFEFF{ "plans": {}, "keys": [] }', 1],
    ["a raw control character in a string", '{ "plans": {}, "keys": [], \n"a\tb": 1 }', 2],
  ])("%s", (_, text, line) => {
    expect(faultsOf(text)).toEqual([expect.stringMatching(new RegExp(`^line ${line}: not JSON`))]);
  });

  test.each(["null", "[]", "1", '"x"'])("%s is JSON, but no keys file", (text) => {
    expect(faultsOf(text)).toEqual([expect.stringMatching(/^line 1: file: /)]);
  });
});
