import { describe, expect, test } from "bun:test";
import { chmod, readdir, readFile, readlink, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryFolder } from "./checkout.ts";
import { keys, read, withKey } from "./keys.ts";

describe("the file", () => {
  test("keeps its mode, its link and the rest of what it says", async () => {
    await using web = await withKey("web");
    const before = await read(web.file);
    const link = join(web.folder.path, "link.json");
    await chmod(web.file, 0o640);
    await symlink("keys.json", link);
    expect((await keys(["create", "--file", link, "--id", "two"])).status).toBe(0);
    expect(await readlink(link)).toBe("keys.json");
    expect((await stat(web.file)).mode & 0o777).toBe(0o640);
    const after = await read(web.file);
    expect({ ...after, keys: after.keys.slice(0, 1) }).toEqual(before);
  });

  test.each([
    ["no JSON", '{\n  "plans": {},\n  "keys": [,]\n}', "line 3: not JSON"],
    [
      "an unknown field",
      '{\n  "plans": {},\n  "keys": [\n    { "id": "a", "digest": [] }\n  ]\n}',
      "line 4: keys.0",
    ],
    [
      "a plan that is not there",
      '{\n "plans": {},\n "keys": [\n  {"id": "a",\n   "plan": "gold", "digests": []}]}',
      "line 5: keys.0.plan",
    ],
  ])("broken by %s is refused by line and field, and left as it is", async (_, text, fault) => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, "keys.json");
    await writeFile(file, text);
    for (const command of [
      ["create", "--id", "b"],
      ["rotate", "--id", "a"],
      ["revoke", "--id", "a"],
      ["list"],
    ]) {
      const refused = await keys([...command, "--file", file]);
      expect(refused).toMatchObject({ status: 1, stdout: "" });
      expect(refused.stderr).toContain(`${file}: ${fault}`);
    }
    expect(await readFile(file, "utf8")).toBe(text);
  });

  test.each([
    ["an id that exists", ["--id", "web"], 'There is a key "web" already'],
    ["a bad id", ["--id", "a b"], "Nothing was written: keys.1.id"],
    ["an unknown plan", ["--id", "b", "--plan", "gold"], 'there is no plan "gold"'],
    ["a bad date", ["--id", "b", "--expires", "tomorrow"], "keys.1.digests.0.expiresAt"],
    ["an empty model", ["--id", "b", "--models", "a,,b"], "keys.1.models.1"],
  ])("is not written with %s, and no secret is printed", async (_, args, message) => {
    await using web = await withKey("web");
    const before = await readFile(web.file, "utf8");
    const refused = await keys(["create", "--file", web.file, ...args]);
    expect(refused).toMatchObject({ status: 1, stdout: "" });
    expect(refused.stderr).toContain(message);
    expect(await readFile(web.file, "utf8")).toBe(before);
    expect(await readdir(web.folder.path)).toEqual(["keys.json"]);
  });

  test("that is missing is made by create alone", async () => {
    for (const command of [["list"], ["rotate", "--id", "a"], ["revoke", "--id", "a"]]) {
      const refused = await keys([...command, "--file", "/nonexistent/keys.json"]);
      expect(refused).toMatchObject({
        status: 1,
        stderr: expect.stringContaining("does not exist"),
      });
    }
    const unwritable = await keys(["create", "--id", "a", "--file", "/nonexistent/keys.json"]);
    expect(unwritable).toMatchObject({
      status: 1,
      stdout: "",
      stderr: expect.stringContaining("Nothing was written"),
    });
  });
});
