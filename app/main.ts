/** The entry on Bun. */

import { createPlainByBytes } from "./core/plain.ts";
import { UPSTREAM_REQUESTS_MAX } from "./config.ts";
import { run } from "./process.ts";

/** Bun's own cap on requests to upstream where the environment does not lift it (facts, 16). */
const BUN_REQUESTS = 256;

await run({
  name: `bun ${Bun.version}`,
  env: process.env,
  upstreamRequests: upstreamRequests(process.env["BUN_CONFIG_MAX_HTTP_REQUESTS"]),
  isPlain: createPlainByBytes((bytes, word, from) =>
    Buffer.prototype.indexOf.call(bytes, word, from),
  ),
  listen(host, port, fetch) {
    const server = Bun.serve({
      hostname: host,
      port,
      // A second process on the same port must fail, not share it.
      reusePort: false,
      // Silence is bounded by our own deadlines and heartbeats; Bun's limit would cut slow answers.
      idleTimeout: 0,
      // Bun's own refusal has no body and no CORS headers, so bodies are counted by the endpoints.
      maxRequestBodySize: Number.MAX_SAFE_INTEGER,
      fetch: (request, self) => fetch(request, self.requestIP(request)?.address),
    });
    return { url: server.url.href, stop: () => server.stop(false) };
  },
  onSignal: (signal, react) => process.on(signal, react),
  exit: process.exit,
});

function upstreamRequests(text: string | undefined): number {
  const value = Number(text);
  return Number.isInteger(value) && value > 0 && value <= UPSTREAM_REQUESTS_MAX
    ? value
    : BUN_REQUESTS;
}
