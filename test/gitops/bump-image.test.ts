/** scripts/bump-image against a bare repository, as the release workflow runs it. */

import { afterAll, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "./tree.ts";

setDefaultTimeout(60_000);

const IMAGE = "ghcr.io/yourorg/mistral-stream";
const digest = (digit: string) => `sha256:${digit.repeat(64)}`;
const folders: string[] = [];
let origin: string;

const identity = ["AUTHOR", "COMMITTER"].flatMap((who) => [
  [`GIT_${who}_NAME`, "test"],
  [`GIT_${who}_EMAIL`, "test@example.com"],
]);
// The variables that a hook of git's would set lead away from the repositories made here.
const env = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("GIT_"))),
  ...Object.fromEntries(identity),
};

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), "bump-"));
  folders.push(made);
  return made;
}

function git(cwd: string, ...args: string[]): string {
  const { exitCode, stdout, stderr } = Bun.spawnSync(["git", ...args], { cwd, env });
  if (exitCode !== 0) throw new Error(`git ${args.join(" ")}: ${stderr.toString()}`);
  return stdout.toString().trim();
}

function clone(): string {
  const made = folder();
  git(made, "clone", "--quiet", origin, ".");
  return made;
}

async function bump(cwd: string, ...args: string[]): Promise<{ status: number; told: string }> {
  const child = Bun.spawn([join(ROOT, "scripts/bump-image"), ...args], {
    cwd,
    env,
    stdout: "pipe",
    stderr: "pipe",
  });
  const told =
    (await new Response(child.stdout).text()) + (await new Response(child.stderr).text());
  return { status: await child.exited, told };
}

const show = (overlay: string, branch = "main") =>
  git(origin, "show", `${branch}:gitops/overlays/${overlay}/kustomization.yaml`);
const commits = () => Number(git(origin, "rev-list", "--count", "main"));

beforeEach(() => {
  origin = folder();
  git(origin, "init", "--quiet", "--bare", "--initial-branch=main");
  const seed = folder();
  git(seed, "init", "--quiet", "--initial-branch=main");
  cpSync(join(ROOT, "gitops"), join(seed, "gitops"), { recursive: true });
  git(seed, "add", "--all");
  git(seed, "commit", "--quiet", "-m", "seed");
  git(seed, "push", "--quiet", origin, "main");
});

afterAll(() => {
  for (const each of folders) rmSync(each, { recursive: true, force: true });
});

test("a bump is one line of one file in one commit, and leaves the checkout alone", async () => {
  const checkout = clone();
  expect(await bump(checkout, "dev", `${IMAGE}@${digest("a")}`)).toEqual({ status: 0, told: "" });
  expect(git(origin, "diff", "--numstat", "main~1", "main")).toBe(
    "1\t1\tgitops/overlays/dev/kustomization.yaml",
  );
  expect(show("dev")).toContain(`    digest: ${digest("a")}`);
  expect(git(checkout, "status", "--porcelain")).toBe("");
  expect(git(checkout, "worktree", "list").split("\n")).toHaveLength(1);
  expect(
    readFileSync(join(checkout, "gitops/overlays/dev/kustomization.yaml"), "utf8"),
  ).not.toContain(digest("a"));
});

test("a bump to what is there already commits nothing", async () => {
  const checkout = clone();
  await bump(checkout, "staging", `${IMAGE}@${digest("a")}`);
  const before = commits();
  expect(await bump(checkout, "staging", `${IMAGE}@${digest("a")}`)).toEqual({
    status: 0,
    told: "",
  });
  expect(commits()).toBe(before);
});

test("bumps that race all land, one commit each, whatever order they come in", async () => {
  const overlays = ["dev", "staging", "production"] as const;
  const results = await Promise.all(
    overlays.map((overlay, i) => bump(clone(), overlay, `${IMAGE}@${digest(String(i + 1))}`)),
  );
  expect(results).toEqual(overlays.map(() => ({ status: 0, told: "" })));
  for (const [i, overlay] of overlays.entries())
    expect(show(overlay)).toContain(digest(String(i + 1)));
  expect(commits()).toBe(4);
});

test("a push that is refused once is made again from the newer main", async () => {
  const checkout = clone();
  const marker = join(folder(), "refused");
  // The first push meets a commit of somebody else's, made at the worst moment: from within the push.
  const hook = `#!/bin/sh
[ -e ${marker} ] && exit 0
touch ${marker}
unset GIT_QUARANTINE_PATH GIT_DIR
cd ${folder()} && git clone -q ${origin} . && git commit -q --allow-empty -m other && git push -q origin main
exit 1
`;
  await Bun.write(join(origin, "hooks/pre-receive"), hook);
  git(origin, "config", "core.hooksPath", join(origin, "hooks"));
  Bun.spawnSync(["chmod", "+x", join(origin, "hooks/pre-receive")]);
  expect(await bump(checkout, "dev", `${IMAGE}@${digest("b")}`)).toEqual({ status: 0, told: "" });
  expect(show("dev")).toContain(digest("b"));
  expect(git(origin, "log", "--format=%s", "main").split("\n").slice(0, 2)).toEqual([
    `gitops(dev): ${digest("b")}`,
    "other",
  ]);
});

test("a bump for a pull request goes to its branch, replaces an older one there, and leaves main", async () => {
  const before = git(origin, "rev-parse", "main");
  expect(
    await bump(clone(), "production", `${IMAGE}@${digest("c")}`, "promote-production"),
  ).toEqual({ status: 0, told: "" });
  expect(
    await bump(clone(), "production", `${IMAGE}@${digest("d")}`, "promote-production"),
  ).toEqual({ status: 0, told: "" });
  expect(git(origin, "rev-parse", "main")).toBe(before);
  expect(git(origin, "rev-list", "--count", "main..promote-production")).toBe("1");
  expect(show("production", "promote-production")).toContain(digest("d"));
});

test("an origin that refuses for good is told as a failure, and nothing is left behind", async () => {
  const checkout = clone();
  await Bun.write(join(origin, "hooks/pre-receive"), "#!/bin/sh\nexit 1\n");
  git(origin, "config", "core.hooksPath", join(origin, "hooks"));
  Bun.spawnSync(["chmod", "+x", join(origin, "hooks/pre-receive")]);
  const { status, told } = await bump(checkout, "dev", `${IMAGE}@${digest("e")}`);
  expect(status).toBe(1);
  expect(told).toContain("bump-image:");
  expect(git(checkout, "worktree", "list").split("\n")).toHaveLength(1);
});

const refusals: [name: string, status: number, args: string[]][] = [
  ["an image without a digest", 64, ["dev", `${IMAGE}:v1`]],
  ["a tag and a digest", 64, ["dev", `${IMAGE}:v1@${digest("a")}`]],
  ["a digest that is too short", 64, ["dev", `${IMAGE}@sha256:abc`]],
  ["another image than the overlay runs", 1, ["dev", `ghcr.io/somebody/else@${digest("a")}`]],
  ["an overlay that is none", 64, ["../base", `${IMAGE}@${digest("a")}`]],
  ["no image at all", 64, ["dev"]],
];

test.each(refusals)("%s is refused and changes nothing", async (_, expected, args) => {
  const before = git(origin, "rev-parse", "main");
  const { status, told } = await bump(clone(), ...args);
  expect(status).toBe(expected);
  expect(told).not.toBe("");
  expect(git(origin, "rev-parse", "main")).toBe(before);
});
