/** A gateway with keys and the upstream behind it, as a client's test needs them. */

import { createHash } from "node:crypto";
import { startGateway } from "../support/gateway.ts";
import { startUpstream, type Upstream } from "../support/upstream.ts";

/** A running pair. */
export interface Stage {
  readonly url: string;
  readonly key: string;
  /** A key whose plan lets one request pass in two seconds. */
  readonly tightKey: string;
  readonly upstream: Upstream;
  /** Upstream requests whose body holds this text. */
  asked(text: string): Upstream["requests"];
  /** Resolves with the epoch milliseconds at which upstream was left by the request that holds this text. */
  left(text: string, limitMs?: number): Promise<number>;
  /** Open streams of `key`, as the gateway counts them. */
  slots(): Promise<number>;
  close(): Promise<void>;
}

/** `RUNTIME=deno bun test test/clients test/browser` sends the same clients to the other runtime. */
const RUNTIME = process.env["RUNTIME"] === "deno" ? "deno" : "bun";

export const KEY = "ms_client_suite";
const TIGHT_KEY = "ms_tight_suite";
const PLENTY = 1_000_000;

export async function openStage(env: Readonly<Record<string, string>> = {}): Promise<Stage> {
  const upstream = await startUpstream({ paceMs: 2 });
  const gateway = await startGateway({
    runtime: RUNTIME,
    env: { MISTRAL_SERVER_URL: upstream.url, ...env },
    keys: KEYS,
  });
  const url = gateway.url;
  return {
    url,
    key: KEY,
    tightKey: TIGHT_KEY,
    upstream,
    asked: (text) => upstream.requests.filter(({ body }) => body.includes(text)),
    async left(text, limitMs) {
      const found = await until(
        () => upstream.cancelled.find(({ body }) => body.includes(text)),
        limitMs,
      );
      return performance.timeOrigin + found.at;
    },
    async slots() {
      const response = await fetch(`${url}/v1/usage`, {
        headers: { authorization: `Bearer ${KEY}` },
      });
      const { used } = (await response.json()) as { used: { streams: number } };
      return used.streams;
    },
    async close() {
      await gateway.stop();
      await upstream.close();
    },
  };
}

/** Looks every 5 ms until there is something. */
export async function until<T>(
  look: () => T | undefined | Promise<T | undefined>,
  limitMs = 4000,
): Promise<T> {
  const endMs = performance.now() + limitMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > endMs) throw new Error(`Nothing came within ${limitMs} ms: ${look}`);
    await Bun.sleep(5);
  }
}

const plan = {
  requestsPerMinute: PLENTY,
  burst: PLENTY,
  concurrentStreams: 50,
  tokensPerDay: PLENTY,
  maxOutputTokens: 4096,
};
const digest = (key: string) => ({
  sha256: createHash("sha256").update(key).digest("hex"),
  expiresAt: null,
});

const KEYS = {
  plans: { default: plan, tight: { ...plan, requestsPerMinute: 30, burst: 1 } },
  ip: {
    requestsPerMinute: PLENTY,
    burst: PLENTY,
    concurrentStreams: 100,
    failedAuthPerMinute: PLENTY,
  },
  keys: [
    { id: "web", digests: [digest(KEY)] },
    { id: "tight", plan: "tight", digests: [digest(TIGHT_KEY)] },
  ],
};
