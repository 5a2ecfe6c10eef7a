/** Serves pages of an origin, and passes `/stream` on with a key: what a web application's own server does. */

import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface PageServer {
  readonly origin: string;
  close(): Promise<void>;
}

export interface PageServerOptions {
  /** Answers `/app.js`. */
  readonly script?: string;
  /** Where `/stream` goes, and the key that is added on the way. */
  readonly gateway?: { readonly url: string; readonly key: string };
}

const HTML =
  '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><script src="/app.js"></script>';

export async function startPageServer({
  script = "",
  gateway,
}: PageServerOptions = {}): Promise<PageServer> {
  function serve(req: IncomingMessage, res: ServerResponse): void {
    if (req.url?.startsWith("/stream") && gateway !== undefined) {
      pass(req, res, gateway);
      return;
    }
    const [type, body] = req.url === "/app.js" ? ["text/javascript", script] : ["text/html", HTML];
    res.writeHead(200, { "content-type": `${type}; charset=utf-8` }).end(body);
  }

  const server = createServer(serve);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Passes a request on, and every kind of end with it: a cut stays a cut. */
function pass(
  req: IncomingMessage,
  res: ServerResponse,
  { url, key }: { url: string; key: string },
): void {
  const { host, connection, ...headers } = req.headers;
  const asked = request(url + req.url, {
    headers: { ...headers, authorization: `Bearer ${key}` },
    agent: false,
  });
  res.on("close", () => asked.destroy());
  asked.on("error", () => res.destroy());
  asked.on("response", (answer) => {
    const { connection: _, "transfer-encoding": __, ...rest } = answer.headers;
    res.writeHead(answer.statusCode ?? 502, rest);
    answer.on("data", (data) => res.write(data));
    answer.on("end", () => res.end());
    answer.on("close", () => answer.complete || res.destroy());
    answer.on("error", () => res.destroy());
  });
  asked.end();
}
