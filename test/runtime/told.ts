/** What a gateway tells of its streams, in the log and in metrics, and what it must never tell. */

import { expect } from "bun:test";
import type { TestGateway } from "../support/gateway.ts";
import { EXPIRED_KEY, FUTURE_KEY, KEY, OTHER_KEY } from "../support/keys.ts";
import { bearer, type Stage, until } from "./stage.ts";

/** The keys of these tests, and words that all of their prompts and answers are made of. */
const SECRETS = [KEY, OTHER_KEY, EXPIRED_KEY, FUTURE_KEY, "upstream-secret", "upstream-new"];
const PROMPTS = ["fault:", "count to", '"delta"', "17 18 19"];

/** Looks through all that a gateway has said: no secret, no prompt, no answer, nothing unobserved. */
export function expectDiscreet({ lines, stderr }: TestGateway): void {
  const log = lines.map((line) => Object.values(line).join(" ")).join("\n");
  expect([...SECRETS, ...PROMPTS].filter((word) => log.includes(word))).toEqual([]);
  expect(lines.filter(({ msg }) => msg === "failed" || /unhandled|uncaught/i.test(msg))).toEqual(
    [],
  );
  expect(stderr()).toBe("");
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
