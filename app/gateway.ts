/** The composition root: a configuration in, a pair of fetch functions and a drain out. */

import { createAdmission } from "./admission.ts";
import { createCompletions } from "./completions.ts";
import type { Config } from "./config.ts";
import { failure } from "./core/fault.ts";
import type { Keys } from "./core/keys-file.ts";
import { createPlainByText, type IsPlain } from "./core/plain.ts";
import { drain } from "./drain.ts";
import { createAdmin } from "./http/admin.ts";
import { createApp } from "./http/app.ts";
import type { ReaderCount } from "./http/call.ts";
import { createIdempotency } from "./idempotency.ts";
import { createKeyRing } from "./key-ring.ts";
import { createMemoryLimits } from "./stores/memory-limits.ts";
import { createMemoryStreams } from "./stores/memory-streams.ts";
import type { Log } from "./telemetry/log.ts";
import { createMetrics } from "./telemetry/metrics.ts";
import { createServers } from "./upstream/breaker.ts";
import { createKeyPool } from "./upstream/key-pool.ts";
import { createAskStream } from "./upstream/mistral.ts";
import { MODELS } from "./upstream/models.ts";
import { createTransport } from "./upstream/transport.ts";

/** A running gateway; whoever listens hands requests in. */
export interface Gateway {
  /** @param peer the address at the other end of the connection */
  readonly fetch: (request: Request, peer: string | undefined) => Promise<Response>;
  readonly adminFetch: (request: Request) => Promise<Response>;
  /** New client keys; streams of keys that are no longer there end as `revoked`. */
  readonly replaceKeys: (keys: Keys) => void;
  /** New keys to upstream, from the next request on. */
  readonly replaceUpstreamKeys: (keys: readonly string[]) => void;
  readonly reloaded: (file: string, ok: boolean) => void;
  /** Refuses new requests at once; resolves when open streams have ended, or were cut at DRAIN_MS. */
  readonly drain: () => Promise<void>;
  /** Ends the wait of a drain. */
  readonly cut: () => void;
}

/** What a gateway stands on; everything but the first three has a default. */
export interface GatewayParts {
  readonly config: Config;
  readonly keys: Keys;
  readonly log: Log;
  /** How upstream is reached: the platform's fetch, or the simulated Mistral. */
  readonly upstreamFetch: (request: Request) => Promise<Response>;
  /** The quickest way of this runtime to tell what need not be parsed. */
  readonly isPlain?: IsPlain;
  readonly clock?: () => number;
  readonly random?: () => number;
  readonly newId?: () => string;
}

export function createGateway(parts: GatewayParts): Gateway {
  const { config, log } = parts;
  const clock = parts.clock ?? Date.now;
  const random = parts.random ?? Math.random;
  const newId = parts.newId ?? (() => crypto.randomUUID().replaceAll("-", ""));
  const { deadlines, bounds } = config;

  let upstreamKeys = config.upstream.keys;
  let isDraining = false;
  const cutting = Promise.withResolvers<void>();
  const readers: ReaderCount = { open: 0 };
  const peers = new WeakMap<Request, string>();

  const ring = createKeyRing(parts.keys);
  const limits = createMemoryLimits(clock);
  const streams = createMemoryStreams({
    maxBytes: bounds.logMaxBytes,
    ttlMs: deadlines.streamTtlMs,
    clock,
  });
  const completions = createCompletions({
    streams,
    deadlines,
    maxEventBytes: bounds.maxEventBytes,
    isPlain: parts.isPlain ?? createPlainByText(),
    clock,
    onBug(cause) {
      const { message, stack = "" } = cause instanceof Error ? cause : new Error(String(cause));
      log.error("failed", { detail: message, stack });
    },
  });
  const servers = createServers(config.upstream.servers);
  const metrics = createMetrics([...MODELS, config.upstream.defaultModel], {
    openStreams: completions.open,
    openReaders: () => readers.open,
    logBytes: streams.bytes,
    openBreakers: () => servers.all.filter((server) => server.isOpen()).length,
  });
  const transport = createTransport({
    fetch: parts.upstreamFetch,
    servers,
    keys: createKeyPool(() => upstreamKeys, clock),
    clock,
    random,
    commitMs: deadlines.heartbeatMs,
    onAttempt: metrics.attempted,
  });
  const admission = createAdmission({
    limits,
    addressLimits: () => ring.current().ip,
    maxStreams: bounds.maxStreams,
    clock,
  });
  const app = createApp({
    config,
    clock,
    random,
    newId,
    ring,
    admission,
    completions,
    idempotency: createIdempotency(streams),
    streams,
    transport,
    askStream: createAskStream(transport),
    log,
    metrics,
    readers,
    peerOf: (request) => peers.get(request),
    isDraining: () => isDraining,
  });
  const admin = createAdmin(metrics, () => !isDraining);

  return {
    async fetch(request, peer) {
      if (peer !== undefined) peers.set(request, peer);
      return app.fetch(request);
    },
    adminFetch: async (request) => admin.fetch(request),
    replaceKeys(keys) {
      ring.replace(keys);
      completions.revoke((digest) => ring.find(digest) !== undefined);
    },
    replaceUpstreamKeys(keys) {
      upstreamKeys = keys;
    },
    reloaded: metrics.reloaded,
    async drain() {
      isDraining = true;
      await drain({
        isEmpty: () => completions.open() === 0 && readers.open === 0,
        cut: () =>
          completions.cancelAll(failure("drained", "This server is shutting down; ask again.")),
        limitMs: deadlines.drainMs,
        cutting: cutting.promise,
      });
      streams.close();
    },
    cut: () => cutting.resolve(),
  };
}
