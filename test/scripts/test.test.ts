import { expect, test } from "bun:test";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { copyCheckout, run } from "./checkout.ts";

const HEAD = 'import { expect, test } from "bun:test";\n';

/** What each folder's only test file holds. */
const PARTS = {
  good: `${HEAD}test("a", () => expect(1).toBe(1));\ntest("b", () => {});`,
  mixed: `${HEAD}test("yes", () => {});\ntest("no", () => expect("is").toBe("wanted"));\ntest.skip("later", () => {});`,
  syntax: `${HEAD}test("lost", () => {`,
  crash: `${HEAD}test("yes", () => {});\ntest("end", () => process.exit(0));`,
  unhandled: `${HEAD}test("yes", () => { Promise.reject(new Error("nobody looks")); });\nsetTimeout(() => {}, 50);`,
  hang: `${HEAD}test("for ever", () => { for (;;); });`,
  empty: HEAD,
};

async function withParts(names: readonly (keyof typeof PARTS)[]) {
  const copy = await copyCheckout("installed");
  await rm(join(copy.path, "test"), { recursive: true });
  await mkdir(join(copy.path, "test/support"), { recursive: true });
  for (const name of names) {
    await mkdir(join(copy.path, "test", name));
    await writeFile(join(copy.path, "test", name, "one.test.ts"), PARTS[name]);
  }
  return copy;
}

const lastLine = (text: string) => text.trimEnd().split("\n").at(-1);

test("folders are added up, and a failing test is printed in full", async () => {
  await using copy = await withParts(["good", "mixed"]);
  const ran = await run([`${copy.path}/scripts/test`, "good", "mixed"], { cwd: "/" });
  expect(lastLine(ran.stdout)).toBe("3 passed, 1 failed, 1 skipped");
  expect(ran.status).toBe(1);
  expect(ran.stdout).toContain("== good: 2 passed, 0 failed");
  expect(ran.stdout).toContain('Expected: "wanted"');
});

test("all well ends with status 0", async () => {
  await using copy = await withParts(["good"]);
  const ran = await run([`${copy.path}/scripts/test`, "good"]);
  expect(ran).toMatchObject({ status: 0, stderr: "" });
  expect(lastLine(ran.stdout)).toBe("2 passed, 0 failed");
});

test.each([
  ["syntax", /failed/],
  ["crash", /no test ran|ended with status|failed/],
  ["hang", /no test ran \(exit status (124|142)\)/],
  ["empty", /no test ran/],
  ["missing", /no test ran/],
  ["unhandled", /nobody looks/],
] as const)("a part that is %s fails", async (name, text) => {
  await using copy = await withParts(name === "missing" ? ["good"] : [name]);
  const env = { ...process.env, PART_SECONDS: "3" } as Record<string, string>;
  const ran = await run([`${copy.path}/scripts/test`, name], { env });
  expect(ran.status).toBe(1);
  expect(lastLine(ran.stdout)).toMatch(/^\d+ passed, [1-9]\d* failed$/);
  expect(ran.stdout).toMatch(text);
});

test("without a part every folder with tests runs, after scripts/check, which counts as one", async () => {
  await using copy = await withParts(["good", "mixed"]);
  await writeFile(join(copy.path, "scripts/check"), "#!/bin/sh\necho look here\nexit 1\n");
  const ran = await run([`${copy.path}/.ci/run`], { cwd: "/" });
  expect(ran.stdout.match(/^== \w+$/gm)).toEqual(["== check", "== good", "== mixed"]);
  expect(ran.stdout).toContain("look here");
  expect(lastLine(ran.stdout)).toBe("3 passed, 2 failed, 1 skipped");
});
