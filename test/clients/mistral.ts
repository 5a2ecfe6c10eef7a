/** `@mistralai/mistralai` from npm, behind the seam of the contract. */

import { Mistral } from "@mistralai/mistralai";
import { MistralError } from "@mistralai/mistralai/models/errors/mistralerror.js";
import { type Ask, type Client, MODEL, type Raised, TOOL, type Told } from "./client.ts";

export function createMistral(): Client {
  return {
    async ask(ask) {
      const told = {
        text: "",
        pieces: 0,
        finish: null,
        tokens: null,
        calls: [],
        leftAt: null,
        error: null,
      } as Draft;
      try {
        await (ask.stream ? readStream(ask, told) : readAnswer(ask, told));
      } catch (thrown) {
        if (told.leftAt === null) told.error = toRaised(thrown);
      }
      return told;
    },
    async models(url, key) {
      const { data = [] } = await connect({ url, key }).models.list();
      return data.flatMap((card) => ("id" in card ? [card.id] : []));
    },
    close: async () => {},
  };
}

type Draft = { -readonly [K in keyof Told]: Told[K] } & {
  calls: { name: string; arguments: string }[];
};

function connect({ url, key }: Pick<Ask, "url" | "key">): Mistral {
  return new Mistral({ serverURL: url, apiKey: key });
}

function toBody(ask: Ask) {
  return {
    model: ask.model ?? MODEL,
    messages: [{ role: "user" as const, content: ask.prompt }],
    ...(ask.tool ? { tools: [TOOL] } : {}),
    ...(ask.json ? { responseFormat: { type: "json_object" as const } } : {}),
  };
}

function toOptions(ask: Ask) {
  const backoff = { initialInterval: 50, maxInterval: 5000, exponent: 1, maxElapsedTime: 5000 };
  return {
    headers: { ...ask.headers },
    ...(ask.retries === undefined ? {} : { retries: { strategy: "backoff" as const, backoff } }),
  };
}

async function readAnswer(ask: Ask, told: Draft): Promise<void> {
  const answer = await connect(ask).chat.complete(toBody(ask), toOptions(ask));
  const [choice] = answer.choices;
  told.text = toText(choice?.message?.content);
  told.pieces = 1;
  told.finish = choice?.finishReason ?? null;
  told.tokens = answer.usage.completionTokens ?? null;
  for (const { function: called } of choice?.message?.toolCalls ?? [])
    told.calls.push(toCall(called));
}

async function readStream(ask: Ask, told: Draft): Promise<void> {
  const leaving = new AbortController();
  const stream = await connect(ask).chat.stream(toBody(ask), {
    ...toOptions(ask),
    signal: leaving.signal,
  });
  for await (const { data } of stream) {
    const [choice] = data.choices;
    const text = toText(choice?.delta.content);
    if (text !== "") {
      told.text += text;
      told.pieces += 1;
    }
    for (const { function: called } of choice?.delta.toolCalls ?? [])
      told.calls.push(toCall(called));
    told.finish = choice?.finishReason ?? told.finish;
    told.tokens = data.usage?.completionTokens ?? told.tokens;
    if (told.pieces !== ask.stopAfter) continue;
    told.leftAt = Date.now();
    leaving.abort();
  }
}

function toText(content: unknown): string {
  return typeof content === "string" ? content : "";
}

function toCall(called: { name: string; arguments: unknown }): { name: string; arguments: string } {
  const { name, arguments: given } = called;
  return { name, arguments: typeof given === "string" ? given : JSON.stringify(given) };
}

function toRaised(thrown: unknown): Raised {
  if (!(thrown instanceof MistralError)) throw thrown;
  const body = JSON.parse(thrown.body) as { code: string; message: string };
  return {
    class: thrown.constructor.name,
    status: thrown.statusCode,
    code: body.code,
    message: thrown.message,
    requestId: thrown.headers.get("x-request-id"),
  };
}
