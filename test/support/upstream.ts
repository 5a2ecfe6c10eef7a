/** An upstream on a real port for tests: the simulated Mistral, and faults by script or by prompt. */

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createSimulated } from "../../app/upstream/simulated/simulated.ts";
import { errorAnswer } from "./upstream-errors.ts";
import { createExchange, type Exchange, pause } from "./upstream-exchange.ts";
import { createFaultScript, type FaultName } from "./upstream-fault.ts";
import { play } from "./upstream-play.ts";

export type { FaultName } from "./upstream-fault.ts";
export { WIDE_TEXT } from "./upstream-play.ts";

/** A request as it arrived, kept when its body is whole. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
  /** `performance.now()` */
  readonly at: number;
  readonly authorization: string | undefined;
}

/** A running upstream. */
export interface Upstream {
  readonly url: string;
  readonly requests: readonly SeenRequest[];
  /** Requests neither answered to the end nor left. */
  open(): number;
  /** Requests that the client left before their end. `at` is `performance.now()`. */
  readonly cancelled: readonly { readonly at: number; readonly body: string }[];
  /** The next requests meet these, one each, before any directive in a prompt; null forgets the rest. */
  script(faults: FaultName | readonly FaultName[] | null): void;
  /** Drops every connection and stops listening. */
  close(): Promise<void>;
}

export interface UpstreamOptions {
  /** Between events of a well-formed answer; 0 by default. */
  readonly paceMs?: number;
  /** Told each request before it is answered. */
  readonly onRequest?: (request: SeenRequest) => void;
  /** Instead of the simulation, for instance one with recordings. */
  readonly answer?: (request: Request) => Promise<Response>;
}

/** Starts an upstream on a free port of 127.0.0.1. */
export async function startUpstream(options: UpstreamOptions = {}): Promise<Upstream> {
  const answer = options.answer ?? createSimulated({ paceMs: options.paceMs ?? 0 });
  const requests: SeenRequest[] = [];
  const cancelled: { at: number; body: string }[] = [];
  const faults = createFaultScript();
  let opened = 0;

  async function serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    opened += 1;
    const exchange = createExchange(res);
    let body = "";
    res.on("close", () => {
      opened -= 1;
      if (!res.writableEnded && !exchange.isDestroyed())
        cancelled.push({ at: performance.now(), body });
    });
    body = await bodyOf(req);
    const { method = "", url: path = "", headers } = req;
    const seen = {
      method,
      path,
      headers,
      body,
      at: performance.now(),
      authorization: headers.authorization,
    };
    requests.push(seen);
    options.onRequest?.(seen);
    await meet(faults.next(body), exchange, () => answer(toRequest(seen)));
  }

  const server = createServer((req, res) => {
    serve(req, res).catch((cause: unknown) => {
      // A fault of the test itself, such as a misspelt directive; a client that left mid-body is none.
      if (!res.destroyed) console.error("test upstream:", cause);
      res.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    cancelled,
    open: () => opened,
    script: faults.script,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Answers one request, well or with its fault. */
async function meet(
  fault: FaultName,
  exchange: Exchange,
  answer: () => Promise<Response>,
): Promise<void> {
  const [name = "ok", ...args] = fault.split(":");
  const refusal = errorAnswer(name, args);
  if (refusal !== undefined) {
    exchange.head(
      refusal.status,
      Object.entries({ "content-type": "application/json", ...refusal.headers }),
    );
    exchange.res.end(JSON.stringify(refusal.body));
    return;
  }
  if (name === "refuse") return exchange.destroy();
  if (name === "no-headers") return exchange.gone;
  if (name === "delay") await pause(Number(args[0] ?? 100), exchange);
  const playing = play(name === "delay" ? "ok" : name);
  const response = await answer();
  exchange.head(response.status, response.headers);
  const events = eventsOf(response);
  exchange.gone.then(() => events.return(undefined));
  await playing(exchange, events, args.map(Number));
}

function toRequest({ method, path, headers, body }: SeenRequest): Request {
  const copied = new Headers();
  for (const [name, value] of Object.entries(headers)) copied.set(name, String(value));
  return new Request(`http://127.0.0.1${path}`, {
    method,
    headers: copied,
    body: body === "" ? null : body,
  });
}

/** The simulation makes one event a read, so reads are events. */
async function* eventsOf(response: Response): AsyncGenerator<string, undefined> {
  const utf8 = new TextDecoder();
  for await (const bytes of response.body ?? []) yield utf8.decode(bytes);
  return undefined;
}

async function bodyOf(req: IncomingMessage): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of req) parts.push(part as Uint8Array);
  return Buffer.concat(parts).toString();
}
