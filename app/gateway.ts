/** The composition root: a configuration in, a pair of fetch functions and a drain out. */

import { type Admission, createAdmission } from "./admission.ts";
import { createCompletions } from "./completions.ts";
import type { Config } from "./config.ts";
import { failure } from "./core/fault.ts";
import type { Keys } from "./core/keys-file.ts";
import { isPlainByText, type IsPlain } from "./core/plain.ts";
import { drain } from "./drain.ts";
import { createAdmin } from "./http/admin.ts";
import { createApp } from "./http/app.ts";
import type { Parts, ReaderCount } from "./http/call.ts";
import { createIdempotency } from "./idempotency.ts";
import { createKeyRing } from "./key-ring.ts";
import { createMemoryLimits } from "./stores/memory-limits.ts";
import { createMemoryStreams } from "./stores/memory-streams.ts";
import type { Log } from "./telemetry/log.ts";
import { createMetrics, type Metrics } from "./telemetry/metrics.ts";
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
  readonly metrics?: Metrics;
  readonly admission?: Admission;
}

/** What changes while a gateway runs. */
export interface Live {
  upstreamKeys: readonly string[];
  isDraining: boolean;
  /** The address at the other end of a request's connection. */
  readonly peers: WeakMap<Request, string>;
}

/** Puts together what the endpoints stand on. */
export function composeParts(given: GatewayParts, live: Live): Parts {
  const { config, log } = given;
  const clock = given.clock ?? Date.now;
  const random = given.random ?? Math.random;
  const { deadlines, bounds } = config;
  const readers: ReaderCount = { open: 0 };
  const ring = createKeyRing(given.keys);
  const streams = createMemoryStreams({
    maxBytes: bounds.logMaxBytes,
    ttlMs: deadlines.streamTtlMs,
    clock,
  });
  const completions = createCompletions({
    streams,
    deadlines,
    maxEventBytes: bounds.maxEventBytes,
    isPlain: given.isPlain ?? isPlainByText,
    clock,
    onBug(cause) {
      const { message, stack = "" } = cause instanceof Error ? cause : new Error(String(cause));
      log.error("failed", { detail: message, stack });
    },
  });
  const servers = createServers(config.upstream.servers);
  const gauges = {
    openStreams: completions.open,
    openReaders: () => readers.open,
    logBytes: streams.bytes,
    openBreakers: () => servers.all.filter((server) => server.isOpen()).length,
  };
  const metrics = given.metrics ?? createMetrics([...MODELS, config.upstream.defaultModel], gauges);
  const transport = createTransport({
    fetch: given.upstreamFetch,
    servers,
    keys: createKeyPool(() => live.upstreamKeys, clock),
    clock,
    random,
    commitMs: deadlines.heartbeatMs,
    onAttempt: metrics.attempted,
  });
  const admission =
    given.admission ??
    createAdmission({
      limits: createMemoryLimits(clock),
      addressLimits: () => ring.current().ip,
      maxStreams: bounds.maxStreams,
      clock,
    });
  return {
    config,
    clock,
    random,
    newId: given.newId ?? (() => crypto.randomUUID().replaceAll("-", "")),
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
    peerOf: (request) => live.peers.get(request),
    isDraining: () => live.isDraining,
  };
}

export function createGateway(given: GatewayParts): Gateway {
  const { config } = given;
  const live: Live = {
    upstreamKeys: config.upstream.keys,
    isDraining: false,
    peers: new WeakMap(),
  };
  const parts = composeParts(given, live);
  const { completions, metrics, readers, ring, streams } = parts;
  const app = createApp(parts);
  const admin = createAdmin(metrics, () => !live.isDraining);
  const cutting = Promise.withResolvers<void>();

  return {
    async fetch(request, peer) {
      if (peer !== undefined) live.peers.set(request, peer);
      return app.fetch(request);
    },
    adminFetch: async (request) => admin.fetch(request),
    replaceKeys(keys) {
      ring.replace(keys);
      completions.revoke((digest) => ring.find(digest) !== undefined);
    },
    replaceUpstreamKeys(keys) {
      live.upstreamKeys = keys;
    },
    reloaded: metrics.reloaded,
    async drain() {
      live.isDraining = true;
      await drain({
        isEmpty: () => completions.open() === 0 && readers.open === 0,
        cut: () =>
          completions.cancelAll(failure("drained", "This server is shutting down; ask again.")),
        limitMs: config.deadlines.drainMs,
        cutting: cutting.promise,
      });
      streams.close();
    },
    cut: () => cutting.resolve(),
  };
}
