/** One request under way: writes that wait for the client, and the moment at which it leaves. */

import type { ServerResponse } from "node:http";

/** What a fault plays on. */
export interface Exchange {
  readonly res: ServerResponse;
  /** Resolves when the connection is gone, whoever closed it. */
  readonly gone: Promise<void>;
  isGone(): boolean;
  /** Sends status and headers at once, without waiting for a byte of the body. */
  head(status: number, headers: Iterable<readonly [string, string]>): void;
  /** Resolves once the client has taken enough of it, or is gone. */
  write(data: string | Uint8Array): Promise<void>;
  end(): void;
  /** Drops the connection without a clean end. */
  destroy(): void;
  /** Whether this side dropped it, so that the client is not counted as having left. */
  isDestroyed(): boolean;
}

export function createExchange(res: ServerResponse): Exchange {
  const { promise: gone, resolve } = Promise.withResolvers<void>();
  let isGone = false;
  let isDestroyed = false;
  res.on("error", () => {}); // a write after the client left; `close` follows and tells
  res.on("close", () => {
    isGone = true;
    resolve();
  });
  return {
    res,
    gone,
    isGone: () => isGone,
    head(status, headers) {
      if (isGone) return;
      for (const [name, value] of headers) res.appendHeader(name, value);
      res.writeHead(status);
      res.flushHeaders();
      res.socket?.setNoDelay(true);
    },
    async write(data) {
      if (isGone || res.write(data)) return;
      const drained = Promise.withResolvers<void>();
      res.once("drain", drained.resolve);
      await Promise.race([drained.promise, gone]);
      res.off("drain", drained.resolve);
    },
    end: () => void (isGone || res.end()),
    destroy() {
      isDestroyed = true;
      res.socket?.destroy();
    },
    isDestroyed: () => isDestroyed,
  };
}

/** A timer that the end of the connection cuts short. */
export async function pause(ms: number, exchange: Exchange): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  await Promise.race([promise, exchange.gone]);
  clearTimeout(timer);
}
