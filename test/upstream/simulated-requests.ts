/** Requests to the simulated Mistral, and what comes back, as its tests read it. */

import { expect } from "bun:test";
import { createSimulated } from "../../app/upstream/simulated/simulated.ts";

export const ORIGIN = "http://mistral.test";
export const AT = 1_790_000_000;
export const ENVELOPE = ["id", "object", "created", "model", "choices"];

/** A request's body; what is wrong with some of them is the point. */
export type Body = Readonly<Record<string, unknown>>;

export interface Call {
  readonly id: string;
  readonly function: { readonly name: string; readonly arguments: string };
}

export interface Part {
  readonly role?: string;
  readonly content: string | readonly Readonly<Record<string, unknown>>[];
  readonly tool_calls?: readonly Call[] | null;
}

/** A chunk or a whole answer of any route: every member that the tests look at. */
export interface Answer {
  readonly id: string;
  readonly object: string;
  readonly choices: readonly {
    index: number;
    delta: Part;
    message: Part;
    finish_reason: string | null;
  }[];
  readonly usage: Readonly<Record<string, number>>;
  readonly data: readonly { id: string; index: number; embedding: number[] }[];
}

export const simulated = createSimulated({ paceMs: 0, nowSeconds: () => AT });

export function post(path: string, body: unknown, init: RequestInit = {}): Request {
  const headers = { authorization: "Bearer key", "content-type": "application/json" };
  return new Request(ORIGIN + path, {
    method: "POST",
    headers,
    body: JSON.stringify(body),
    ...init,
  });
}

export const chat = (content: unknown, more: Body = {}): Body => ({
  model: "mistral-small-latest",
  messages: [{ role: "user", content }],
  ...more,
});

export const ask = async (body: Body, path = "/v1/chat/completions"): Promise<Answer> =>
  (await simulated(post(path, body))).json() as Promise<Answer>;

export const streamed = async (body: Body, path = "/v1/chat/completions"): Promise<string> =>
  (await simulated(post(path, { ...body, stream: true }))).text();

/** The chunks of a stream whose framing is exactly Mistral's. */
export function chunksOf(text: string): Answer[] {
  expect(text.endsWith("\n\ndata: [DONE]\n\n")).toBe(true);
  const events = text.slice(0, -2).split("\n\n");
  expect(events.every((event) => event.startsWith("data: ") && !event.includes("\n"))).toBe(true);
  return events.slice(0, -1).map((event) => JSON.parse(event.slice(6)) as Answer);
}

export const contentOf = (chunks: Answer[], index = 0): string =>
  chunks
    .flatMap((chunk) => chunk.choices)
    .filter((c) => c.index === index)
    .map((c) => c.delta.content)
    .join("");

export const WEATHER = {
  type: "function",
  function: {
    name: "weather",
    parameters: {
      type: "object",
      properties: {
        city: { type: "string" },
        days: { type: "integer", minimum: 1, maximum: 5 },
        unit: { enum: ["C"] },
      },
      required: ["city", "days", "unit"],
    },
  },
};
export const CLOCK = {
  type: "function",
  function: { name: "clock", parameters: { type: "object", properties: {} } },
};
export const CALL = { id: "abcdefghi", function: { name: "weather", arguments: "{}" } };
export const AFTER_CALL = [
  { role: "user", content: "Weather?" },
  { role: "assistant", content: "", tool_calls: [CALL] },
  { role: "tool", tool_call_id: "abcdefghi", name: "weather", content: "rain" },
];
