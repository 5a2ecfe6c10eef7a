/**
 * A Mistral that remembers keys, for pods that are not simulated. usage: bun upstream.ts PORT PACE_MS
 *
 * It is the server's own simulation behind a socket. `GET /keys` tells how often each key has asked.
 */

import { createSimulated } from "../../../app/upstream/simulated/simulated.ts";

const [port, pace] = process.argv.slice(2).map(Number);
const simulated = createSimulated({ paceMs: pace ?? 20 });
const asked: Record<string, number> = {};

Bun.serve({
  hostname: "10.243.0.1",
  port: port ?? 0,
  idleTimeout: 0,
  fetch(request) {
    if (new URL(request.url).pathname === "/keys") return Response.json(asked);
    const key = (request.headers.get("authorization") ?? "").replace(/^Bearer /, "");
    asked[key] = (asked[key] ?? 0) + 1;
    return simulated(request);
  },
});
