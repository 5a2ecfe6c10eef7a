/** `openai` from npm, behind the seam of the contract. */

import OpenAI, { APIError } from "openai";
import { type Ask, type Client, MODEL, type Raised, TOOL, type Told } from "./client.ts";

export function createOpenAi(): Client {
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
        told.error = toRaised(thrown);
      }
      return told;
    },
    async models(url, key) {
      const { data } = await connect({ url, key }).models.list();
      return data.map(({ id }) => id);
    },
    close: async () => {},
  };
}

type Draft = { -readonly [K in keyof Told]: Told[K] } & {
  calls: { name: string; arguments: string }[];
};

function connect({ url, key, retries }: Pick<Ask, "url" | "key" | "retries">): OpenAI {
  return new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries: retries ?? 0 });
}

function toBody(ask: Ask) {
  return {
    model: ask.model ?? MODEL,
    messages: [{ role: "user" as const, content: ask.prompt }],
    ...(ask.tool ? { tools: [TOOL] } : {}),
    ...(ask.json ? { response_format: { type: "json_object" as const } } : {}),
  };
}

async function readAnswer(ask: Ask, told: Draft): Promise<void> {
  const options = ask.headers === undefined ? {} : { headers: ask.headers };
  const answer = await connect(ask).chat.completions.create(
    { ...toBody(ask), stream: false },
    options,
  );
  const [choice] = answer.choices;
  told.text = choice?.message.content ?? "";
  told.pieces = 1;
  told.finish = choice?.finish_reason ?? null;
  told.tokens = answer.usage?.completion_tokens ?? null;
  // Mistral leaves `type` out, by which OpenAI's types tell calls apart.
  for (const call of choice?.message.tool_calls ?? [])
    if ("function" in call) told.calls.push(call.function);
}

async function readStream(ask: Ask, told: Draft): Promise<void> {
  const options = ask.headers === undefined ? {} : { headers: ask.headers };
  const stream = await connect(ask).chat.completions.create(
    { ...toBody(ask), stream: true },
    options,
  );
  for await (const { choices, usage } of stream) {
    const [choice] = choices;
    if (choice?.delta.content) {
      told.text += choice.delta.content;
      told.pieces += 1;
    }
    for (const call of choice?.delta.tool_calls ?? []) {
      told.calls.push({
        name: call.function?.name ?? "",
        arguments: call.function?.arguments ?? "",
      });
    }
    told.finish = choice?.finish_reason ?? told.finish;
    told.tokens = usage?.completion_tokens ?? told.tokens;
    if (told.pieces !== ask.stopAfter) continue;
    told.leftAt = Date.now();
    stream.controller.abort();
  }
}

function toRaised(thrown: unknown): Raised {
  if (!(thrown instanceof APIError)) throw thrown;
  const { status = null, code = null, message, requestID } = thrown;
  const body = thrown.error as { request_id?: string } | undefined;
  const requestId = requestID ?? body?.request_id ?? null;
  return { class: thrown.constructor.name, status, code, message, requestId };
}
