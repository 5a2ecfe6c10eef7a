/** No key, prompt or answer in any log line, metric or error, however a request goes wrong. */

import { describe, expect, test } from "bun:test";
import type { RuntimeName } from "../support/gateway.ts";
import { EXPIRED_KEY, KEY, OTHER_KEY } from "../support/keys.ts";
import { contentOf } from "./content.ts";
import { askChat, askStream, bearer, JSON_TYPE, stage, until } from "./stage.ts";

const UPSTREAM_KEY = "upstream-key-not-to-be-shown";
const PROMPT = "zanzibar-prompt";
const SYSTEM = "zanzibar-system";
const WRONG_KEY = "ms_wrong_but_secret";

export function secrets(runtime: RuntimeName): void {
  describe("secrets", () => {
    const on = stage(runtime, {
      env: {
        LOG_LEVEL: "trace",
        MISTRAL_API_KEY: UPSTREAM_KEY,
        FIRST_EVENT_TIMEOUT_MS: "300",
        TOTAL_TIMEOUT_MS: "900",
      },
    });

    test("are in no log line, metric or error", async () => {
      const { gateway } = on();
      const answers: string[] = [];
      const errors: string[] = [];
      const keep = async (asking: Promise<Response>) => {
        const response = await asking;
        const text = await response.text();
        (response.ok ? answers : errors).push(text);
      };
      const faults = ["", "cut:3", "status:422", "status:401", "status:500", "headers-only"];
      for (const fault of [...faults, "error-frame:2", "truncated-json", "big:9"]) {
        const prompt = `${PROMPT} ${fault === "" ? "" : `fault:${fault}`}`;
        await keep(askStream(on(), prompt, { more: { system: SYSTEM } }));
        await keep(askChat(on(), prompt, { headers: { "idempotency-key": `zanzibar-${fault}` } }));
        await keep(askChat(on(), prompt, { more: { stream: false } }));
      }
      const post = (body: string) =>
        fetch(`${gateway.url}/v1/chat/completions`, {
          method: "POST",
          headers: { ...bearer(), ...JSON_TYPE },
          body,
        });
      await keep(post(`{"broken": "${PROMPT}"`));
      await keep(post(JSON.stringify({ model: `model-${PROMPT}`, messages: [] })));
      await keep(askStream(on(), PROMPT, { key: WRONG_KEY }));
      await keep(askStream(on(), PROMPT, { key: EXPIRED_KEY }));
      await keep(askStream(on(), PROMPT, { more: { access_token: WRONG_KEY } }));
      await keep(askStream(on(), PROMPT, { more: { unknown: WRONG_KEY } }));
      await keep(fetch(`${gateway.url}/${PROMPT}?x=${WRONG_KEY}`, { headers: bearer() }));
      await until(() => gateway.lines.filter(({ msg }) => msg === "stream").length >= 27);

      const metrics = await (await fetch(`${gateway.adminUrl}/metrics`)).text();
      const log = JSON.stringify(gateway.lines) + gateway.stderr();
      expect(log).toContain('"outcome":"completed"');
      const keys = [KEY, OTHER_KEY, EXPIRED_KEY, WRONG_KEY, UPSTREAM_KEY];
      const shown = [log, metrics, ...errors].join("\n");
      expect(keys.filter((key) => shown.includes(key))).toEqual([]);
      expect([PROMPT, SYSTEM].filter((word) => (log + metrics).includes(word))).toEqual([]);
      for (const answer of answers) {
        const words = contentOf(answer).slice(0, 30);
        if (words !== "") expect(log + metrics).not.toContain(words);
      }
    });
  });
}
