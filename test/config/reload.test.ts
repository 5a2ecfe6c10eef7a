import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { temporaryFolders } from "../support/folder.ts";
import { join } from "node:path";
import type { Config } from "../../app/config.ts";
import type { Keys } from "../../app/core/keys-file.ts";
import type { Gateway } from "../../app/gateway.ts";
import { type Watch, watchFile, watchFiles } from "../../app/reload.ts";
import { createLog } from "../../app/telemetry/log.ts";

const temporaryFolder = temporaryFolders();

const watches: Watch[] = [];
afterAll(() => {
  for (const one of watches.splice(0)) one.stop();
});

/** A change must be told within 2 s. */
const PROMISED_MS = 2000;

function watch(path: string, known: string, read = (at: string) => readFileSync(at, "utf8")) {
  const texts: string[] = [];
  const faults: unknown[] = [];
  const on = {
    onText: (text: string) => void texts.push(text),
    onFault: (cause: unknown) => void faults.push(cause),
  };
  watches.push(watchFile(path, known, read, on));
  return { texts, faults };
}

async function until(isSo: () => boolean): Promise<number> {
  const started = performance.now();
  while (!isSo() && performance.now() - started < PROMISED_MS + 500) await Bun.sleep(10);
  return performance.now() - started;
}

describe("a watched file", () => {
  test.concurrent("tells its new text within 2 s, once", async () => {
    const path = join(temporaryFolder(), "file");
    writeFileSync(path, "one");
    const { texts, faults } = watch(path, "one");
    writeFileSync(path, "two");
    expect(await until(() => texts.length > 0)).toBeLessThan(PROMISED_MS);
    await Bun.sleep(1200);
    expect([texts, faults]).toEqual([["two"], []]);
  });

  test.concurrent("tells a change by a swapped link, as Kubernetes makes it", async () => {
    const folder = temporaryFolder();
    for (const version of ["v1", "v2"]) {
      mkdirSync(join(folder, version));
      writeFileSync(join(folder, version, "key"), version);
    }
    symlinkSync("v1", join(folder, "..data"));
    symlinkSync("..data/key", join(folder, "key"));
    const { texts } = watch(join(folder, "key"), "v1");
    symlinkSync("v2", join(folder, "..data_tmp"));
    renameSync(join(folder, "..data_tmp"), join(folder, "..data"));
    expect(await until(() => texts.length > 0)).toBeLessThan(PROMISED_MS);
    expect(texts).toEqual(["v2"]);
  });

  test.concurrent("that is gone is told once, and its return is a change", async () => {
    const path = join(temporaryFolder(), "file");
    writeFileSync(path, "one");
    const { texts, faults } = watch(path, "one");
    rmSync(path);
    await until(() => faults.length > 0);
    await Bun.sleep(1200);
    expect([texts, faults.length]).toEqual([[], 1]);
    writeFileSync(path, "one");
    expect(await until(() => texts.length > 0)).toBeLessThan(PROMISED_MS);
  });

  test.concurrent("is looked at no more once the watch has ended", async () => {
    let reads = 0;
    const one = watchFile("x", "", () => String(reads++), { onText() {}, onFault() {} });
    one.stop();
    await Bun.sleep(1200);
    expect(reads).toBe(0);
  });
});

test.concurrent("a broken KEYS_FILE is refused and reported, the next good one is taken, and so are upstream's keys", async () => {
  const folder = temporaryFolder();
  const [keysFile, keysPath] = [join(folder, "keys.json"), join(folder, "key")];
  const good = '{"plans":{},"keys":[]}';
  writeFileSync(keysFile, good);
  writeFileSync(keysPath, "k1,k2\n");
  const told: unknown[] = [];
  const lines: string[] = [];
  const gateway = {
    replaceKeys: (keys: Keys) => told.push(keys.file),
    replaceUpstreamKeys: (keys: readonly string[]) => told.push(keys),
    reloaded: (file: string, ok: boolean) => told.push([file, ok]),
  } as unknown as Gateway;
  const config = { keysFile, upstream: { keysPath, keys: ["k1", "k2"] } } as unknown as Config;
  watches.push(
    ...watchFiles(
      config,
      good,
      gateway,
      createLog("info", (line) => lines.push(line)),
    ),
  );

  writeFileSync(keysFile, '{\n"plans":{},\n"keys":[{}]}');
  writeFileSync(keysPath, " , \n");
  await until(() => told.length >= 2);
  expect(told.splice(0)).toEqual([
    ["KEYS_FILE", false],
    ["MISTRAL_API_KEY_FILE", false],
  ]);
  expect(lines.join("")).toContain("line 3: keys.0.id");

  writeFileSync(keysFile, `${good}\n`);
  writeFileSync(keysPath, "k3, k4\n");
  await until(() => told.length >= 4);
  expect(told).toEqual([
    { plans: {}, keys: [] },
    ["KEYS_FILE", true],
    ["k3", "k4"],
    ["MISTRAL_API_KEY_FILE", true],
  ]);
  expect(lines.join("")).not.toContain("k3");
});
