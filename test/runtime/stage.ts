/** A gateway and its upstream for one subject, and the requests that every subject makes. */

import { afterAll, beforeAll } from "bun:test";
import {
  type GatewayOptions,
  type RuntimeName,
  startGateway,
  type TestGateway,
} from "../support/gateway.ts";
import { KEY } from "../support/keys.ts";
import { startUpstream, type Upstream } from "../support/upstream.ts";
import { expectDiscreet } from "./told.ts";

export interface Stage {
  readonly gateway: TestGateway;
  readonly upstream: Upstream;
}

export const MODEL = "mistral-small-latest";
export const JSON_TYPE = { "content-type": "application/json" };

export const bearer = (key: string = KEY) => ({ authorization: `Bearer ${key}` });

/** Declares hooks that start a pair before the tests of a file's block and end it after them. */
export function stage(
  runtime: RuntimeName,
  options: Omit<GatewayOptions, "runtime"> & { readonly paceMs?: number } = {},
): () => Stage {
  let pair: Stage | undefined;
  beforeAll(async () => {
    const upstream = await startUpstream({ paceMs: options.paceMs ?? 0 });
    const env = { MISTRAL_SERVER_URL: upstream.url, ...options.env };
    pair = { upstream, gateway: await startGateway({ ...options, runtime, env }) };
  });
  afterAll(async () => {
    await pair?.gateway.stop();
    await pair?.upstream.close();
    if (pair !== undefined) expectDiscreet(pair.gateway);
  });
  return () => {
    if (pair === undefined) throw new Error("the stage has not started");
    return pair;
  };
}

export interface AskOptions {
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** More members of the body of `/v1`, or parameters of `/stream`. */
  readonly more?: Readonly<Record<string, unknown>>;
}

/** `GET /stream`. */
export function askStream(
  { gateway }: Stage,
  q: string,
  options: AskOptions = {},
): Promise<Response> {
  const query = new URLSearchParams({ q, ...(options.more as Record<string, string>) });
  return fetch(`${gateway.url}/stream?${query}`, {
    headers: { ...bearer(options.key), ...options.headers },
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
}

/** `POST /v1/chat/completions`, streaming unless `more` says otherwise. */
export function askChat(
  { gateway }: Stage,
  content: string,
  options: AskOptions = {},
): Promise<Response> {
  return fetch(`${gateway.url}/v1/chat/completions`, {
    method: "POST",
    headers: { ...bearer(options.key), ...JSON_TYPE, ...options.headers },
    body: JSON.stringify({
      model: MODEL,
      stream: true,
      messages: [{ role: "user", content }],
      ...options.more,
    }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
}

/** Looks every 5 ms until `look` gives something true. */
export async function until<T>(
  look: () => T | Promise<T>,
  limitMs = 5000,
): Promise<NonNullable<T>> {
  const endMs = performance.now() + limitMs;
  for (;;) {
    const found = await look();
    if (found) return found as NonNullable<T>;
    if (performance.now() > endMs) throw new Error(`nothing came within ${limitMs} ms: ${look}`);
    await Bun.sleep(5);
  }
}

/** Reads a body until `isEnough` says so (or its end), then leaves. */
export async function readUntil(
  response: Response,
  isEnough: (text: string) => boolean,
): Promise<string> {
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const utf8 = new TextDecoder();
  let text = "";
  while (!isEnough(text)) {
    const { done, value } = await reader.read();
    if (done) break;
    text += utf8.decode(value, { stream: true });
  }
  await reader.cancel();
  return text;
}

/** The body of an error, as both SDK families read it. */
export interface ErrorBody {
  readonly object: "error";
  readonly message: string;
  readonly type: string;
  readonly param: string | null;
  readonly code: string;
  readonly request_id: string;
  readonly error: { readonly code: string; readonly message: string };
}

export async function errorOf(response: Response): Promise<ErrorBody> {
  return (await response.json()) as ErrorBody;
}
