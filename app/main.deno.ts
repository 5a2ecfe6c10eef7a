/** The entry on Deno. */

import process from "node:process";
import { isPlainByText } from "./core/plain.ts";
import { run } from "./process.ts";

await run({
  name: `deno ${Deno.version.deno}`,
  env: process.env,
  upstreamRequests: Number.POSITIVE_INFINITY,
  isPlain: isPlainByText,
  listen(host, port, fetch) {
    const server = Deno.serve({ hostname: host, port, onListen() {} }, (request, info) =>
      fetch(request, "hostname" in info.remoteAddr ? info.remoteAddr.hostname : undefined),
    );
    const name = host.includes(":") ? `[${host}]` : host;
    return { url: `http://${name}:${server.addr.port}/`, stop: () => server.shutdown() };
  },
  onSignal: (signal, react) => Deno.addSignalListener(signal, react),
  exit: Deno.exit,
});
