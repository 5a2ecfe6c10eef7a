/** `GET /stream` as Mistral's own SDK asks it: the SDK writes the request, our transport makes it. */

import type { Ask, Opened, Transport } from "./transport.ts";

/** What `/stream` takes. */
export interface Prompt {
  readonly q: string;
  readonly model: string;
  readonly system: string | undefined;
  readonly temperature: number | undefined;
  readonly maxTokens: number;
}

/** Asks for a streamed chat completion; the body that comes back is upstream's own, unread. */
export type AskStream = (prompt: Prompt, signal: AbortSignal) => Promise<Opened>;

/** A name that resolves nowhere: the transport alone knows where upstream is. */
const NOWHERE = "http://upstream.invalid";

/**
 * The SDK locks and parses whatever body it is given, at 4 to 13 microseconds an event, and would
 * take a cut stream for a whole one. So it is given an empty one, and the real answer goes past it.
 */
export function createAskStream(transport: Transport): AskStream {
  return async (prompt, signal) => {
    // Loaded with the first prompt: a process that serves /v1 alone never pays for it.
    const [{ MistralCore }, { HTTPClient }, { chatStream }] = await Promise.all([
      import("@mistralai/mistralai/core.js"),
      import("@mistralai/mistralai/lib/http.js"),
      import("@mistralai/mistralai/funcs/chatStream.js"),
    ]);
    const asked = Promise.withResolvers<Opened>();
    const httpClient = new HTTPClient({
      async fetcher(input) {
        asked.resolve(await transport(await toAsk(input as Request), signal));
        return new Response(null, { headers: { "content-type": "text/event-stream" } });
      },
    });
    const core = new MistralCore({ serverURL: NOWHERE, httpClient });
    // With a signal the SDK sets no deadline of its own; ours are in the relay.
    const result = await chatStream(core, toRequest(prompt), { signal });
    if (!result.ok) asked.reject(result.error);
    return asked.promise;
  };
}

function toRequest(prompt: Prompt) {
  const { q, model, system, temperature, maxTokens } = prompt;
  const user = { role: "user" as const, content: q };
  return {
    model,
    messages: system === undefined ? [user] : [{ role: "system" as const, content: system }, user],
    maxTokens,
    ...(temperature === undefined ? {} : { temperature }),
  };
}

async function toAsk(request: Request): Promise<Ask> {
  const path = new URL(request.url).pathname;
  return { method: "POST", path, body: await request.text(), isStream: true };
}
