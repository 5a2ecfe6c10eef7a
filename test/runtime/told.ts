/** What a gateway tells of its streams, in the log and in metrics, and what it must never tell. */

import { expect } from "bun:test";
import { bearer, type Stage, until } from "./stage.ts";

/** The outcome in the log line of the stream that a response carries. */
export async function outcomeOf({ gateway }: Stage, response: Response): Promise<unknown> {
  const id = response.headers.get("stream-id") ?? "none";
  const line = await until(() => gateway.lines.find((one) => one["streamId"] === id));
  return line["outcome"];
}

/** Waits until every slot is given back, as usage and metrics show it. */
export async function expectNothingOpen({ gateway, upstream }: Stage): Promise<void> {
  const look = async () => ({
    streams: await gateway.metric("open_streams"),
    readers: await gateway.metric("open_readers"),
    used: await usedStreams(gateway.url),
    upstream: upstream.open(),
  });
  const nothing = { streams: 0, readers: 0, used: 0, upstream: 0 };
  const isNothing = async () => Bun.deepEquals(await look(), nothing);
  await until(isNothing).catch(() => {});
  expect(await look()).toEqual(nothing);
}

/** Open streams of the usual principal, as `/v1/usage` tells it. */
export async function usedStreams(url: string): Promise<number> {
  const response = await fetch(`${url}/v1/usage`, { headers: bearer() });
  const { used } = (await response.json()) as { used: { streams: number } };
  return used.streams;
}
