import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { hasValidChecksum } from "../../app/core/api-key.ts";
import { keys, read, withKey } from "./keys.ts";

const DAY_MS = 86_400_000;

describe("a round trip", () => {
  test("create prints a valid secret once and stores its digest alone", async () => {
    await using web = await withKey("web", "--models", "mistral-*, codestral-latest");
    expect(web.created).toMatchObject({ status: 0, stderr: "", stdout: `${web.key}\n` });
    expect(hasValidChecksum(web.key)).toBe(true);
    const text = await readFile(web.file, "utf8");
    expect(text).not.toContain(web.key.slice(3, 35));
    const sha256 = createHash("sha256").update(web.key).digest("hex");
    expect((await read(web.file)).keys).toEqual([
      {
        id: "web",
        plan: "default",
        digests: [{ sha256, notBefore: null, expiresAt: null }],
        models: ["mistral-*", "codestral-latest"],
      },
    ]);
    expect(text.endsWith("}\n")).toBe(true);
    expect(await readdir(web.folder.path)).toEqual(["keys.json"]);
  });

  test("rotate lets old and new overlap; an old one that ends earlier still does", async () => {
    const soon = new Date(Date.now() + DAY_MS).toISOString();
    await using web = await withKey("web", "--expires", soon);
    const second = await keys(["rotate", "--file", web.file, "--id", "web", "--overlap", "2d"]);
    const third = await keys(["rotate", "--file", web.file, "--id", "web"]);
    const [a, b, c] = (await read(web.file)).keys[0]?.digests ?? [];
    expect(a?.expiresAt).toBe(soon);
    expect(Date.parse(String(b?.expiresAt)) - Date.now()).toBeWithin(6.9 * DAY_MS, 7.1 * DAY_MS);
    expect(c?.expiresAt).toBeNull();
    for (const key of [web.key, second.stdout, third.stdout]) {
      const told = await keys(["verify", "--file", web.file], key);
      expect(told).toMatchObject({
        status: 0,
        stdout: expect.stringContaining("key: web, plan default, active"),
      });
    }
    const ended = await keys(["rotate", "--file", web.file, "--id", "web", "--overlap", "0s"]);
    expect((await keys(["verify", "--file", web.file], web.key)).stdout).toContain("expired");
    expect((await keys(["verify", "--file", web.file], ended.stdout)).status).toBe(0);
  });

  test("revoke takes out one secret by its digest, or the key", async () => {
    await using web = await withKey("web");
    await keys(["create", "--file", web.file, "--id", "other"]);
    const next = await keys(["rotate", "--file", web.file, "--id", "web"]);
    const digest = createHash("sha256").update(web.key).digest("hex");
    const revoke = (...more: string[]) =>
      keys(["revoke", "--file", web.file, "--id", "web", ...more]);
    expect((await revoke("--digest", "")).stderr).toContain("--digest fits 2 digests");
    expect(await revoke("--digest", digest.slice(0, 12))).toEqual({
      status: 0,
      stdout: "",
      stderr: "",
    });
    expect(await keys(["verify", "--file", web.file], web.key)).toMatchObject({
      status: 1,
      stdout: "form and checksum: right\nkey: not in the file\n",
    });
    expect((await keys(["verify", "--file", web.file], next.stdout)).status).toBe(0);
    await revoke();
    expect((await read(web.file)).keys.map((key) => key.id)).toEqual(["other"]);
    expect((await revoke()).stderr).toBe('There is no key "web" in the file.\n');
  });

  test("list shows states and never a whole digest", async () => {
    await using web = await withKey("web", "--not-before", "2999-01-01");
    await keys(["create", "--file", web.file, "--id", "old", "--expires", "2020-01-01T00:00:00Z"]);
    const { stdout, stderr, status } = await keys(["list", "--file", web.file]);
    expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
    const [head, ...rows] = stdout.trim().split("\n");
    expect(head).toMatch(/^id +plan +models +digest +not before +expires +state$/);
    expect(rows[0]).toMatch(/^web +default +all +[0-9a-f]{12} +2999-01-01 +- +not yet$/);
    expect(rows[1]).toMatch(/^old +default +all +[0-9a-f]{12} +- +2020-01-01T00:00:00Z +expired$/);
  });

  test("verify sees a typing error without a file, from a key file too, and never repeats the key", async () => {
    await using web = await withKey("web");
    const typo = web.key.slice(0, 20) + (web.key[20] === "0" ? "1" : "0") + web.key.slice(21);
    const path = join(web.folder.path, "key");
    await writeFile(path, `${web.key}\n`);
    expect(await keys(["verify", "--key-file", path])).toMatchObject({
      status: 0,
      stdout: "form and checksum: right\n",
    });
    const told = await keys(["verify"], typo);
    expect(told.status).toBe(1);
    expect(told.stdout + told.stderr).not.toContain(typo);
  });
});

test.each([
  [["--help"], 0, "stdout", "usage: scripts/keys create"],
  [[], 64, "stderr", "Give one command"],
  [["frobnicate"], 64, "stderr", "Give one command"],
  [["verify", "ms_secret"], 64, "stderr", "Give one command"],
  [["verify", "--ms_secret"], 64, "stderr", "An option is unknown"],
  [["create", "--id", "a"], 64, "stderr", "--file is missing"],
  [["list", "--file", "x", "--id", "a"], 64, "stderr", "list takes no --id"],
] as const)("scripts/keys %j ends with %i", async (args, status, stream, text) => {
  const told = await keys(args);
  expect(told.status).toBe(status);
  expect(told[stream]).toContain(text);
  expect(told.stdout + told.stderr).not.toContain("ms_secret");
});
