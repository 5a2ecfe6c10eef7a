/**
 * The gateway with some of its parts: what PARTS does not name (auth, limits, log, metrics) is left out
 * or does nothing. For the row that tells what each part costs; nothing else runs this.
 */

import { bearer } from "@elysiajs/bearer";
import { Elysia } from "elysia";
import type { Admission } from "../../../app/admission.ts";
import { readConfig } from "../../../app/config.ts";
import { parseKeys } from "../../../app/core/keys-file.ts";
import { createPlainByBytes } from "../../../app/core/plain.ts";
import { composeParts } from "../../../app/gateway.ts";
import { createAdmitRequest } from "../../../app/http/admit-request.ts";
import { createArrival } from "../../../app/http/arrival.ts";
import { createCompletion } from "../../../app/http/chat.ts";
import { createOnError } from "../../../app/http/errors.ts";
import { createIdentify } from "../../../app/http/identify.ts";
import { sse } from "../../../app/http/sse.ts";
import { readText } from "../../../app/reload.ts";
import { createLog } from "../../../app/telemetry/log.ts";
import type { Metrics } from "../../../app/telemetry/metrics.ts";

const on = new Set((process.env["PARTS"] ?? "").split(","));

const nothing = () => {};
const noMetrics: Metrics = {
  refused: nothing,
  attempted: nothing,
  firstEvent: nothing,
  ended: nothing,
  tokens: nothing,
  reloaded: nothing,
  expose: async () => ({ text: "", type: "text/plain" }),
};
const noLimits: Admission = {
  address: async () => undefined,
  failedAuth: async () => undefined,
  countFailedAuth: async () => {},
  request: async () => ({}),
  completion: async (_principal, _address, want) => ({
    maxTokens: want.outputTokens,
    settle: nothing,
  }),
  usage: async () => ({}),
};

const peers = new WeakMap<Request, string>();

function compose() {
  const read = readConfig(process.env, readText);
  if ("faults" in read) throw new Error(read.faults.join("\n"));
  const { config } = read;
  const parsed = parseKeys(readText(config.keysFile));
  if (!parsed.ok) throw new Error(parsed.faults.join("\n"));
  const parts = composeParts(
    {
      config,
      keys: parsed.keys,
      log: createLog(on.has("log") ? config.logLevel : "silent"),
      upstreamFetch: (request) => fetch(request, { timeout: false } as RequestInit),
      isPlain: createPlainByBytes((bytes, word, from) =>
        Buffer.prototype.indexOf.call(bytes, word, from),
      ),
      ...(on.has("metrics") ? {} : { metrics: noMetrics }),
      ...(on.has("limits") ? {} : { admission: noLimits }),
    },
    { upstreamKeys: config.upstream.keys, isDraining: false, peers },
  );
  const [grant] = parsed.keys.grants.values();
  const [digest] = parsed.keys.grants.keys();
  if (grant === undefined || digest === undefined) throw new Error("The keys file has no key.");
  const everybody = { principal: { ...grant, digest }, address: "127.0.0.1" };
  const path = "/v1/chat/completions";
  const bare = new Elysia({ aot: true, handler: { standardHostname: false } })
    .onRequest(createArrival(parts))
    .onError(createOnError(parts, () => []));
  const app = on.has("auth")
    ? bare
        .use(bearer())
        .resolve(createIdentify(parts))
        .resolve(createAdmitRequest(parts))
        .post(path, sse(createCompletion(parts, path)), { parse: "none" })
    : bare
        .resolve(() => everybody)
        .resolve(createAdmitRequest(parts))
        .post(path, sse(createCompletion(parts, path)), { parse: "none" });
  return { app, config };
}

const { app, config } = compose();
const { host, port, adminPort } = config.listen;
Bun.serve({ hostname: host, port: adminPort, fetch: () => new Response("ok") });
Bun.serve({
  hostname: host,
  port,
  reusePort: false,
  idleTimeout: 0,
  maxRequestBodySize: Number.MAX_SAFE_INTEGER,
  fetch(request, self) {
    peers.set(request, self.requestIP(request)?.address ?? "");
    return app.fetch(request);
  },
});
