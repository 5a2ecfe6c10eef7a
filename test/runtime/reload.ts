/** Files that change under a running server: keys of clients, and the key to upstream. */

import { describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RuntimeName } from "../support/gateway.ts";
import { createKeysFile, digestOf, KEY, OTHER_KEY } from "../support/keys.ts";
import { parseEvents } from "../support/sse.ts";
import { contentOf } from "./content.ts";
import { type OwnStage, ownStage } from "./own-stage.ts";
import { askChat, askStream, bearer, until } from "./stage.ts";

/** What the contract promises, and a moment for the machine. */
const RELOAD_MS = 2000 + 200;
const NEW_KEY = "ms_test_new";
const LOAD = 40;

const statusOf = async ({ gateway }: OwnStage, key: string) =>
  (await fetch(`${gateway.url}/v1/usage`, { headers: bearer(key) })).status;

export function reload(runtime: RuntimeName): void {
  describe("a changed KEYS_FILE", () => {
    test("lets a new secret in beside the old one, and the streams under way go on", async () => {
      await using pair = await ownStage({ runtime });
      const load = startLoad(pair);
      const file = createKeysFile();
      file.keys[0]?.digests.push({ sha256: digestOf(NEW_KEY), notBefore: null, expiresAt: null });
      expect(await statusOf(pair, NEW_KEY)).toBe(401);
      writeFileSync(pair.gateway.keysFile, JSON.stringify(file));
      await until(async () => (await statusOf(pair, NEW_KEY)) === 200, RELOAD_MS);
      expect(await statusOf(pair, KEY)).toBe(200);
      await load.expectWhole();
      expect(await pair.gateway.metric("reloads_total", 'result="ok"')).toBe(1);
    });

    test("is seen when the link above it is swapped, as Kubernetes does", async () => {
      const volume = createVolume({ "keys.json": JSON.stringify(createKeysFile()) });
      await using pair = await ownStage({
        runtime,
        env: { KEYS_FILE: join(volume.path, "keys.json") },
      });
      const file = createKeysFile();
      file.keys[1]?.digests.push({ sha256: digestOf(NEW_KEY), notBefore: null, expiresAt: null });
      volume.swap({ "keys.json": JSON.stringify(file) });
      await until(async () => (await statusOf(pair, NEW_KEY)) === 200, RELOAD_MS);
      volume[Symbol.dispose]();
    });

    test("that is broken is refused and reported, with line and field, and the old one stays", async () => {
      await using pair = await ownStage({ runtime });
      const { gateway } = pair;
      const file = createKeysFile({ plan: { burst: 0 } });
      for (const [text, told] of [
        ["{", "line 1"],
        [JSON.stringify(file, null, 2), "plans.default.burst"],
      ] as const) {
        const before = gateway.lines.length;
        writeFileSync(gateway.keysFile, text);
        const refused = (await until(
          () => gateway.lines.slice(before).find(({ file }) => file === "KEYS_FILE"),
          RELOAD_MS,
        )) as { level?: unknown; detail?: unknown };
        expect(refused.level).toBe(50);
        expect(String(refused.detail)).toContain(told);
        expect(await statusOf(pair, KEY)).toBe(200);
      }
      rmSync(gateway.keysFile);
      await until(() => gateway.lines.some((l) => l["detail"] === "it cannot be read"), RELOAD_MS);
      expect(await statusOf(pair, KEY)).toBe(200);
      expect(await gateway.metric("reloads_total", 'result="refused"')).toBe(3);
      writeFileSync(gateway.keysFile, JSON.stringify(createKeysFile()));
      await until(
        async () => (await gateway.metric("reloads_total", 'result="ok"')) === 1,
        RELOAD_MS,
      );
    });

    test("that revokes a key ends its streams as revoked, and no other's", async () => {
      await using pair = await ownStage({ runtime });
      const load = startLoad(pair);
      const slow = "fault:slow:50 count to 900";
      const streamed = await askStream(pair, slow, { key: OTHER_KEY });
      const chat = await askChat(pair, slow, { key: OTHER_KEY });
      const file = createKeysFile();
      file.keys.splice(1, 1);
      writeFileSync(pair.gateway.keysFile, JSON.stringify(file));
      const startedMs = performance.now();
      const fault = parseEvents(await streamed.text()).at(-1);
      expect(performance.now() - startedMs).toBeLessThan(RELOAD_MS);
      expect(fault?.event).toBe("fault");
      expect(JSON.parse(fault?.data ?? "")).toMatchObject({
        code: "unauthenticated",
        retryable: false,
      });
      const chunk = JSON.parse(parseEvents(await chat.text()).at(-1)?.data ?? "");
      expect(chunk.choices[0].finish_reason).toBe("error");
      expect(chunk.error.code).toBe("unauthenticated");
      expect(await statusOf(pair, OTHER_KEY)).toBe(401);
      expect(await pair.gateway.metric("streams_total", 'outcome="revoked"')).toBe(2);
      expect(pair.gateway.lines.filter((line) => line["outcome"] === "revoked")).toHaveLength(2);
      await load.expectWhole();
    });
  });

  describe("a changed MISTRAL_API_KEY_FILE", () => {
    test("is used from the next request on, and no stream is lost", async () => {
      const volume = createVolume({ key: "upstream-old\n" });
      const env = { MISTRAL_API_KEY: "", MISTRAL_API_KEY_FILE: join(volume.path, "key") };
      await using pair = await ownStage({ runtime, env });
      const lastKey = () => pair.upstream.requests.at(-1)?.authorization;
      const load = startLoad(pair);
      await until(() => pair.upstream.requests.length === LOAD);
      expect(lastKey()).toBe("Bearer upstream-old");
      volume.swap({ key: "upstream-new\n" });
      await until(async () => {
        await (await askStream(pair, "count to 1")).text();
        return lastKey() === "Bearer upstream-new";
      }, RELOAD_MS);
      const before = pair.gateway.lines.length;
      volume.swap({ key: "\n" });
      await until(() => pair.gateway.lines.slice(before).some((l) => l["level"] === 50), RELOAD_MS);
      await (await askStream(pair, "count to 1")).text();
      expect(lastKey()).toBe("Bearer upstream-new");
      await load.expectWhole();
      expect(JSON.stringify(pair.gateway.lines)).not.toContain("upstream-new");
      volume[Symbol.dispose]();
    });
  });
}

/** Streams in both dialects that are under way for longer than a reload takes. */
function startLoad(pair: OwnStage) {
  const answers = Array.from({ length: LOAD }, async (_, i) => {
    const ask = i % 2 === 0 ? askStream : askChat;
    return contentOf(await (await ask(pair, `fault:slow:50 count to 45 load ${i}`)).text());
  });
  const whole = Array.from({ length: 45 }, (_, i) => i + 1).join(" ");
  return {
    expectWhole: async () => expect(await Promise.all(answers)).toEqual(answers.map(() => whole)),
  };
}

/** A mounted Secret or ConfigMap: files are links through `..data`, which is swapped as a whole. */
function createVolume(files: Readonly<Record<string, string>>) {
  const path = mkdtempSync(join(tmpdir(), "mistral-stream-volume-"));
  let version = 0;
  function swap(next: Readonly<Record<string, string>>): void {
    const name = `..version_${version++}`;
    mkdirSync(join(path, name));
    for (const [file, text] of Object.entries(next)) writeFileSync(join(path, name, file), text);
    symlinkSync(name, join(path, "..data_tmp"));
    renameSync(join(path, "..data_tmp"), join(path, "..data"));
    if (version > 1) rmSync(join(path, `..version_${version - 2}`), { recursive: true });
  }
  swap(files);
  for (const file of Object.keys(files)) symlinkSync(join("..data", file), join(path, file));
  return { path, swap, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}
