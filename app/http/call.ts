/** What every endpoint is given: the gateway's parts, and the request once its asker is known. */

import type { Admission, Principal } from "../admission.ts";
import type { Completions } from "../completions.ts";
import type { Config } from "../config.ts";
import type { Idempotency } from "../idempotency.ts";
import type { KeyRing } from "../key-ring.ts";
import type { StreamStore } from "../stores/stream-store.ts";
import type { Log } from "../telemetry/log.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { AskStream } from "../upstream/mistral.ts";
import type { Transport } from "../upstream/transport.ts";

/** The parts that the composition root made. */
export interface Parts {
  readonly config: Config;
  readonly clock: () => number;
  /** From 0 to 1, for jitter alone. */
  readonly random: () => number;
  /** 128 random bits or more, in `[0-9A-Za-z_-]`. */
  readonly newId: () => string;
  readonly ring: KeyRing;
  readonly admission: Admission;
  readonly completions: Completions;
  readonly idempotency: Idempotency;
  readonly streams: StreamStore;
  readonly transport: Transport;
  readonly askStream: AskStream;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly readers: ReaderCount;
  /** The peer's address as the runtime told it, unparsed. */
  readonly peerOf: (request: Request) => string | undefined;
  readonly isDraining: () => boolean;
}

/** How many responses are being written. */
export interface ReaderCount {
  open: number;
}

/** A request whose asker is known. */
export interface Call {
  readonly request: Request;
  readonly principal: Principal;
  readonly address: string;
  /** Elysia's response settings; its headers go out with whatever is returned or thrown. */
  readonly set: { headers: Record<string, string | number>; status?: number | string };
}

/** The path of a request, out of the absolute URL that both runtimes write; parsing it takes 1 us. */
export function pathOf({ url }: Request): string {
  const start = url.indexOf("/", "https://".length);
  const query = url.indexOf("?", start);
  return url.slice(start, query < 0 ? url.length : query);
}

/** The id that every response carries, set before anything else happens. */
export function requestIdOf(set: Call["set"]): string {
  return String(set.headers["x-request-id"]);
}
