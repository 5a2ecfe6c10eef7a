/** Many clients on plain sockets: no fetch pool, no cap, nothing that hides a request that waits. */

import { connect, type Socket } from "node:net";
import { KEY } from "../support/keys.ts";

/** One client of a crowd. */
export interface Member {
  /** Everything that came, headers included. */
  text(): string;
  /** Closes the connection as a client does that has gone. */
  leave(): void;
}

/** Connections opened before the next batch: a listen backlog is a few hundred long. */
const BATCH = 100;

/** Asks `size` times for `prompt` on `/stream`, and does not wait for answers. */
export async function openCrowd(url: string, size: number, prompt: string): Promise<Member[]> {
  const { port, hostname } = new URL(url);
  const body = JSON.stringify({ q: prompt });
  const request =
    `POST /stream HTTP/1.1\r\nHost: ${hostname}\r\nAuthorization: Bearer ${KEY}\r\n` +
    `Content-Type: application/json\r\nStream-Grace: 0\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  const members: Member[] = [];
  while (members.length < size) {
    const batch = Array.from({ length: Math.min(BATCH, size - members.length) }, () =>
      join(Number(port), hostname, request),
    );
    members.push(...(await Promise.all(batch)));
  }
  return members;
}

function join(port: number, host: string, request: string): Promise<Member> {
  return new Promise((resolve, reject) => {
    let text = "";
    const socket: Socket = connect(port, host, () => {
      socket.write(request);
      resolve({ text: () => text, leave: () => socket.destroy() });
    });
    socket.on("data", (data) => {
      text += data;
    });
    socket.on("error", reject);
  });
}
