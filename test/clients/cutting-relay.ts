/** A TCP relay between a client and the gateway that can drop connections where a network would. */

import { type AddressInfo, connect, createServer, type Socket } from "node:net";

export interface CuttingRelay {
  readonly url: string;
  /** Heads of the requests that came through, as text. */
  readonly requests: readonly string[];
  /** Status of each response that came through. */
  readonly statuses: readonly number[];
  /** The next response is cut once this many bytes of its body have passed. */
  cutAfter(bodyBytes: number): void;
  close(): Promise<void>;
}

/** @param target the gateway's origin */
export async function startCuttingRelay(target: string): Promise<CuttingRelay> {
  const { hostname, port } = new URL(target);
  const requests: string[] = [];
  const statuses: number[] = [];
  const sockets = new Set<Socket>();
  let cutBytes: number | undefined;

  function relay(client: Socket): void {
    const server = connect(Number(port), hostname);
    let bodyBytes = 0;
    let head: string | undefined;
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      // Either end may be reset, by us or by the client that left.
      socket.on("error", () => {});
    }
    client.on("close", () => server.destroy());
    server.on("close", () => client.destroy());
    client.on("data", (data: Buffer) => {
      const text = data.toString("latin1");
      if (/^[A-Z]+ \/\S* HTTP\/1/.test(text)) requests.push(text);
      server.write(data);
    });
    server.on("data", (data: Buffer) => {
      const text = data.toString("latin1");
      if (text.startsWith("HTTP/1.1 ")) {
        statuses.push(Number(text.slice(9, 12)));
        head = "";
      }
      if (head !== undefined) {
        // A head may come in several packets.
        const before = head.length;
        head += text;
        const end = head.indexOf("\r\n\r\n");
        if (end < 0) return void client.write(data);
        bodyBytes = before - end - 4;
        head = undefined;
      }
      const room = cutBytes === undefined ? data.length : cutBytes - bodyBytes;
      bodyBytes += data.length;
      if (room >= data.length) return void client.write(data);
      cutBytes = undefined;
      // What was let through arrives before the end does.
      client.write(data.subarray(0, room), () => client.destroy());
      server.destroy();
    });
  }

  const listener = createServer(relay);
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(listener.address() as AddressInfo).port}`,
    requests,
    statuses,
    cutAfter(bytes) {
      cutBytes = bytes;
    },
    close: () =>
      new Promise((resolve) => {
        listener.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** `Last-Event-ID` of a request's head, or undefined where there is none. */
export function lastEventIdOf(head: string | undefined): string | undefined {
  return /^last-event-id: *(\S+)/im.exec(head ?? "")?.[1];
}
