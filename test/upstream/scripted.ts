/** A transport whose upstream answers by script. */

import { createServers } from "../../app/upstream/breaker.ts";
import { createKeyPool } from "../../app/upstream/key-pool.ts";
import { type Ask, createTransport, type Opened } from "../../app/upstream/transport.ts";

export const ASK: Ask = {
  method: "POST",
  path: "/v1/chat/completions",
  body: "{}",
  isStream: true,
};

export const ok = () =>
  new Response("data: {}\n\n", { headers: { "content-type": "text/event-stream; charset=utf-8" } });
export const status = (
  code: number,
  headers: Record<string, string> = {},
  body = '{"detail":"no"}',
) => new Response(body, { status: code, headers });
export const refused = () => {
  throw new TypeError("connection refused");
};

/** How one attempt is answered. */
export type Play = () => Response | Promise<Response>;

/** A transport over scripted answers; the last one is given for ever. */
export function setUp(
  plays: readonly Play[],
  options: { keys?: string[]; servers?: string[]; commitMs?: number } = {},
) {
  const asked: string[] = [];
  const attempts: string[] = [];
  const signals: AbortSignal[] = [];
  const servers = createServers(options.servers ?? ["http://a"]);
  const transport = createTransport({
    async fetch(request) {
      const key = request.headers.get("authorization")?.replace("Bearer ", "") ?? "none";
      signals.push(request.signal);
      asked.push(`${new URL(request.url).host} ${key}`);
      return (plays[Math.min(asked.length, plays.length) - 1] as Play)();
    },
    servers,
    keys: createKeyPool(() => options.keys ?? ["k1"], Date.now),
    clock: Date.now,
    random: () => 0,
    commitMs: options.commitMs ?? 15_000,
    onAttempt: (status) => attempts.push(status),
  });
  const ask = (signal = new AbortController().signal, what = ASK) => transport(what, signal);
  return { ask, asked, attempts, servers };
}

export const outcomeOf = (opened: Opened) =>
  "failure" in opened ? opened.failure.outcome : "opened";
