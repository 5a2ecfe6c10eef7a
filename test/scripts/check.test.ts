import { expect, test } from "bun:test";
import { appendFile, chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { copyCheckout, run } from "./checkout.ts";

test("scripts/check names every check that fails, and where", async () => {
  await using copy = await copyCheckout("installed");
  const at = (path: string) => join(copy.path, path);
  // The copy has to look like a checkout, for biome to read .gitignore.
  await run(["git", "init", "--quiet"], { cwd: copy.path });
  await writeFile(at("app/crooked.ts"), "export const a = {b : 1}\n");
  await writeFile(at("app/linted.ts"), "export const a: any = 1;\n");
  await writeFile(at("app/typed.ts"), 'export const a: number = "1";\n');
  await writeFile(at("app/core/impure.ts"), 'export const a = fetch("http://localhost/");\n');
  await appendFile(at("app/main.deno.ts"), "Deno.nothing();\n");
  await writeFile(at("app/core/outward.ts"), 'export type { Config } from "../config.ts";\n');
  await writeFile(at("scripts/unquoted"), "#!/usr/bin/env bash\nrm $1\n");
  await appendFile(at("scripts/lib/ready.sh"), "broken() { rm $1; }\n");
  await chmod(at("scripts/unquoted"), 0o755);
  if (Bun.which("go") !== null) {
    const step = "- run: echo ${{ nothing.here }}";
    await writeFile(
      at(".github/workflows/broken.yml"),
      `on: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      ${step}\n`,
    );
  }
  const checked = await run([at("scripts/check")], { cwd: "/" });
  expect(checked).toMatchObject({ status: 1, stdout: "" });
  const sections = new Map(
    checked.stderr.split(/^(?=[a-z_ ]+:$)/m).map((text) => {
      const [name = "", ...rest] = text.split("\n");
      return [name, rest.join("\n")];
    }),
  );
  expect(sections.get("format:")).toContain("app/crooked.ts");
  expect(sections.get("lint:")).toContain("app/linted.ts");
  expect(sections.get("types:")).toContain("app/typed.ts(1,14)");
  expect(sections.get("purity:")).toContain("impure.ts(1,18)");
  expect(sections.get("types on deno:")).toContain("app/main.deno.ts");
  expect(sections.get("import direction:")).toContain("app/core/outward.ts: imports config.ts");
  expect(sections.get("shell lint:")).toContain("scripts/unquoted line 2");
  expect(sections.get("shell lint:")).toContain("scripts/lib/ready.sh line");
  if (Bun.which("go") !== null) {
    expect(sections.get("workflow lint:")).toContain("broken.yml:6");
  }
}, 180_000);

test("scripts/check --fix formats before it looks", async () => {
  await using copy = await copyCheckout("installed");
  await run(["git", "init", "--quiet"], { cwd: copy.path });
  const path = join(copy.path, "app/crooked.ts");
  await writeFile(path, "export const a = {b : 1}\n");
  await run([join(copy.path, "scripts/check"), "--fix"]);
  expect(await Bun.file(path).text()).toBe("export const a = { b: 1 };\n");
}, 180_000);
