import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { chmod, mkdir, rm, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { copyCheckout, programs, run, temporaryFolder, UNIX } from "./checkout.ts";

const bun = process.execPath;
/** npm's own settings come along: how packages are reached is the machine's business. */
const SETTINGS = Object.fromEntries(
  Object.entries(process.env).filter(([name]) =>
    /^(npm_config_|NODE_EXTRA_CA|SSL_|https?_proxy)/i.test(name),
  ),
) as Record<string, string>;

test("npm alone, an empty HOME, another working directory, and two scripts at once", async () => {
  await using copy = await copyCheckout("bare");
  await using home = await temporaryFolder();
  const path = await programs(home.path, [...UNIX, "npm", "node"]);
  const env = { ...SETTINGS, PATH: path, HOME: join(home.path, "empty") };
  await mkdir(env.HOME);
  const key = `${home.path}/keys.json`;
  const create = (id: string, file: string) =>
    run([`${copy.path}/scripts/keys`, "create", "--file", file, "--id", id], { cwd: "/", env });
  const both = await Promise.all([create("a", key), create("b", `${key}2`)]);
  for (const one of both) {
    expect(one).toMatchObject({ status: 0, stdout: expect.stringMatching(/^ms_[0-9a-z]{39}\n$/) });
  }
  expect(both.map((one) => one.stderr).join("")).toMatch(/^installing Bun [0-9.]+ into .tools\n$/);
  const again = await create("c", key);
  expect(again).toMatchObject({ status: 0, stderr: "" });
}, 120_000);

test("Bun alone, without npm or Node, and without HOME; a changed lockfile is installed", async () => {
  await using copy = await copyCheckout("bare");
  await using machine = await temporaryFolder();
  const env = { ...SETTINGS, PATH: await programs(machine.path, UNIX) };
  await rm(join(env.PATH, "bun"), { force: true });
  await writeFile(join(env.PATH, "bun"), `#!/bin/sh\nexec ${bun} "$@"\n`);
  await chmod(join(env.PATH, "bun"), 0o755);
  const list = () => run([`${copy.path}/scripts/keys`, "--help"], { env });
  expect(await list()).toMatchObject({ status: 0, stderr: "" });
  expect(existsSync(`${copy.path}/.tools/bun`)).toBe(false);
  expect(existsSync(`${copy.path}/node_modules/.bin/deno`)).toBe(true);

  // What was installed for another lockfile is not what this one says.
  await rm(`${copy.path}/node_modules/jsonc-parser`, { recursive: true });
  await writeFile(`${copy.path}/node_modules/.installed`, "an older lockfile");
  await utimes(`${copy.path}/bun.lock`, 0, 0);
  expect(await list()).toMatchObject({ status: 0, stderr: "" });
  expect(existsSync(`${copy.path}/node_modules/jsonc-parser`)).toBe(true);
}, 120_000);

test("a Bun that is too old is passed over, and a machine with neither is told what to install", async () => {
  await using copy = await copyCheckout("bare");
  await using machine = await temporaryFolder();
  const env = { ...SETTINGS, PATH: await programs(machine.path, UNIX) };
  for (const version of ["1.4.4", "0.9.9", "1.3.99", "broken"]) {
    await writeFile(join(env.PATH, "bun"), `#!/bin/sh\necho ${version}\n`);
    await chmod(join(env.PATH, "bun"), 0o755);
    const help = await run([`${copy.path}/scripts/keys`, "--help"], { env });
    expect(help).toMatchObject({ status: 1, stdout: "" });
    expect(help.stderr).toContain("Neither Bun 1.4.5 or newer nor npm is on PATH");
  }
});

test.each([
  ["1.4.5", 0],
  ["1.4.10", 0],
  ["1.10.0", 0],
  ["2.0.0", 0],
  ["1.5.0-canary.3+abc", 0],
  ["1.4.4", 1],
  ["1.3.9", 1],
  ["0.99.99", 1],
  ["", 1],
])("a Bun that says %j is judged %i", async (version, status) => {
  await using machine = await temporaryFolder();
  const stub = `${machine.path}/bun`;
  await writeFile(stub, `#!/bin/sh\necho '${version}'\n`);
  await chmod(stub, 0o755);
  const lib = join(dirname(import.meta.dirname), "../scripts/lib/bootstrap.sh");
  const judged = await run(["bash", "-c", `source ${lib}; is_suitable_bun ${stub}`]);
  expect(judged.status).toBe(status);
});
