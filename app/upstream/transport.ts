/** The one way to upstream: which server, which key, how often, and what its refusals mean. */

import { UPSTREAM_ATTEMPTS } from "../core/bounds.ts";
import { type Failure, Fault, failure } from "../core/fault.ts";
import type { Server, Servers } from "./breaker.ts";
import type { KeyPool } from "./key-pool.ts";
import { type Refusal, readRefusal, redact } from "./refusal.ts";

/** A request to upstream; where it goes is not the caller's to say. */
export interface Ask {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly body: string | Uint8Array<ArrayBuffer> | undefined;
  /** Whether server-sent events are expected, or one JSON body. */
  readonly isStream: boolean;
}

/** An upstream answer with its body unread, or how upstream refused. */
export type Opened =
  | {
      readonly response: Response;
      /** Told once whether an event came, which is what the breaker counts. */
      readonly report: (gotEvent: boolean) => void;
      /** Takes the key that was asked with out of upstream's words, before anybody sees them. */
      readonly redact?: (words: string) => string;
    }
  | { readonly failure: Failure; readonly correlationId?: string | undefined };

/** Asks upstream. Never rejects; the signal ends an attempt, a wait or the answer's body at once. */
export type Transport = (ask: Ask, signal: AbortSignal) => Promise<Opened>;

/** What a transport stands on. */
export interface TransportParts {
  readonly fetch: (request: Request) => Promise<Response>;
  readonly servers: Servers;
  readonly keys: KeyPool;
  readonly clock: () => number;
  readonly random: () => number;
  /** Waits fit into this time from the start on, or are left to the client. */
  readonly commitMs: number;
  /** Told the status of each attempt, `connection` where there was none. */
  readonly onAttempt: (status: string) => void;
}

/** The wait before a second attempt at the same server, where upstream names none. */
const RETRY_BASE_MS = 200;

type Attempt = Opened | Refusal;

export function createTransport(parts: TransportParts): Transport {
  const { servers, keys, clock } = parts;

  async function attempt(
    ask: Ask,
    server: Server,
    key: string | undefined,
    signal: AbortSignal,
  ): Promise<Attempt> {
    const heard = Promise.withResolvers<boolean>();
    server.watch(heard.promise);
    let response: Response;
    try {
      response = await parts.fetch(toRequest(ask, server.url, key, signal));
    } catch (cause) {
      parts.onAttempt(signal.aborted ? "aborted" : "connection");
      // A first event that never came is upstream's failure; a client that left is not.
      const isTimeout = signal.reason instanceof Fault && signal.reason.code === "upstream_timeout";
      heard.resolve(!signal.aborted || isTimeout);
      return connectionFailed(cause);
    }
    parts.onAttempt(String(response.status));
    if (response.status === 200 && isExpected(ask, response)) {
      const report = (gotEvent: boolean) => heard.resolve(!gotEvent);
      return { response, report, redact: (words) => redact(words, key) };
    }
    const refusal = await readRefusal(response, clock(), key);
    heard.resolve(refusal.failure.outcome === "upstream_failed");
    if (key !== undefined && refusal.isOnKey) keys.trouble(key);
    return refusal;
  }

  return async (ask, signal) => {
    const startedMs = clock();
    let server: Server | undefined;
    for (let attempts = 1; ; attempts++) {
      const before: Server | undefined = server;
      server = servers.choose(before);
      const result = await attempt(ask, server, keys.next(), signal);
      if (!("isRetryable" in result)) return result;
      if (!result.isRetryable || attempts === UPSTREAM_ATTEMPTS || signal.aborted) return result;
      // A key in trouble is better than one that was refused; against a full rate only a fresh one helps.
      const isRefusedKey = result.failure.outcome === "upstream_auth";
      if (isRefusedKey && !keys.hasOther()) return result;
      const goesElsewhere =
        isRefusedKey || (result.isOnKey ? keys.hasFresh() : servers.choose(server) !== server);
      const jitterMs = RETRY_BASE_MS * (1 + parts.random());
      const waitMs = goesElsewhere ? 0 : (result.retryAfterMs ?? jitterMs);
      if (clock() + waitMs - startedMs > parts.commitMs) return result;
      await sleep(waitMs, signal);
      if (signal.aborted) return result;
      // A key's trouble is no reason to leave the server.
      if (result.isOnKey) server = undefined;
    }
  };
}

function toRequest(
  ask: Ask,
  origin: string,
  key: string | undefined,
  signal: AbortSignal,
): Request {
  const headers = new Headers({
    accept: ask.isStream ? "text/event-stream" : "application/json",
    // Compressed events would wait in a compressor, and would have to be unpacked here.
    "accept-encoding": "identity",
    "user-agent": "mistral-stream",
  });
  if (ask.body !== undefined) headers.set("content-type", "application/json");
  if (key !== undefined) headers.set("authorization", `Bearer ${key}`);
  return new Request(origin + ask.path, {
    method: ask.method,
    headers,
    body: ask.body ?? null,
    signal,
    // The key goes to the configured origin and nowhere else.
    redirect: "manual",
  });
}

/** A 200 of another type than was asked for is a page of something in between, not an answer. */
function isExpected(ask: Ask, response: Response): boolean {
  const type = response.headers.get("content-type") ?? "";
  return type.startsWith(ask.isStream ? "text/event-stream" : "application/json");
}

function connectionFailed(cause: unknown): Refusal {
  const failed = failure("upstream_failed", "Upstream could not be reached.", { cause });
  return { failure: failed, isRetryable: true, retryAfterMs: undefined, isOnKey: false };
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  if (ms <= 0 || signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done);
  });
}
