/** HTTP on a bare socket: for clients that stop reading, send bodies without a length, or say a Host of their own. */

import { connect, type Socket } from "node:net";

/** What to send; the body's framing is the caller's own. */
export interface RawRequest {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** An exchange under way. */
export interface RawExchange {
  readonly socket: Socket;
  /** Everything received so far, heads and chunk sizes included. */
  text(): string;
  bytes(): number;
  status(): number;
  /** The body so far, out of its chunks. */
  body(): string;
  /** Resolves when the connection is closed, by whomever. Never rejects. */
  readonly closed: Promise<void>;
}

/** Sends a request; what comes back is kept as it comes. */
export function rawRequest(origin: string, request: RawRequest): RawExchange {
  const { hostname, port, host } = new URL(origin);
  const socket = connect(Number(port), hostname);
  const received: Buffer[] = [];
  let size = 0;
  const closed = Promise.withResolvers<void>();
  socket.on("data", (data) => {
    received.push(Buffer.from(data));
    size += data.length;
  });
  // A connection that breaks is closed as well, which is what is told.
  socket.on("error", () => {});
  socket.on("close", () => closed.resolve());
  const headers = Object.entries({ host, ...request.headers });
  const head = headers.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  socket.write(
    `${request.method ?? "GET"} ${request.path} HTTP/1.1\r\n${head}\r\n${request.body ?? ""}`,
  );
  const text = () => Buffer.concat(received).toString("latin1");
  return {
    socket,
    text,
    bytes: () => size,
    status: () => Number(/^HTTP\/1\.1 (\d{3})/.exec(text())?.[1] ?? 0),
    body() {
      const all = text();
      const start = all.indexOf("\r\n\r\n") + 4;
      if (start < 4) return "";
      const isChunked = /^transfer-encoding: chunked\r$/im.test(all.slice(0, start));
      const raw = isChunked ? unchunk(all.slice(start)) : all.slice(start);
      return Buffer.from(raw, "latin1").toString();
    },
    closed: closed.promise,
  };
}

/** A body as chunks of its own size, for `transfer-encoding: chunked`. */
export function toChunked(body: string, chunkChars = 16_384): string {
  const parts: string[] = [];
  for (let at = 0; at < body.length; at += chunkChars) {
    const part = body.slice(at, at + chunkChars);
    parts.push(`${Buffer.byteLength(part).toString(16)}\r\n${part}\r\n`);
  }
  return `${parts.join("")}0\r\n\r\n`;
}

/** Whole and unfinished chunks alike. */
function unchunk(text: string): string {
  let out = "";
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf("\r\n", at);
    const size = end < 0 ? 0 : Number.parseInt(text.slice(at, end), 16);
    if (size === 0) break;
    out += text.slice(end + 2, end + 2 + size);
    at = end + 4 + size;
  }
  return out;
}
