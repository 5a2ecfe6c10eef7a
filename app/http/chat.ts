/** `POST /v1/chat/completions` and `/v1/fim/completions`: the client's own JSON, adapted and passed on. */

import { CHOICES_MAX, NAME_CHARS, TOKENS_MAX } from "../core/bounds.ts";
import { estimateContent, estimateMessages } from "../core/estimate.ts";
import { adaptRequest } from "../upstream/adapt.ts";
import { readJson } from "./body.ts";
import type { Call, Parts } from "./call.ts";
import { complete } from "./complete.ts";
import { invalid, readFlag, readInteger, readText } from "./fields.ts";
import { readIdempotencyKey } from "./idempotency-key.ts";
import type { Answer } from "./sse.ts";

/** The paths that take a prompt and may stream chunks. */
export type CompletionPath = "/v1/chat/completions" | "/v1/fim/completions";

export function createCompletion(parts: Parts, path: CompletionPath) {
  const { config, transport } = parts;
  const isMistral = config.upstream.kind !== "openai";
  return async (call: Call): Promise<Answer> => {
    const { text, json } = await readJson(call.request, config.bounds.maxBodyBytes);
    const { body, changes } = isMistral ? adaptRequest(json) : { body: json, changes: [] };
    const model = readText(body, "model", NAME_CHARS);
    if (model === undefined) throw invalid("model", "is missing: name the model to ask");
    const isStream = readFlag(body, "stream");
    // A server of OpenAI's wire is told in the name that the client uses.
    const limitName =
      !isMistral && "max_completion_tokens" in body ? "max_completion_tokens" : "max_tokens";
    const asked = readInteger(body, limitName, 1, TOKENS_MAX);
    return complete(parts, call, {
      model,
      kind: isStream ? "events" : "answer",
      dialect: "chat",
      choices: readInteger(body, "n", 1, CHOICES_MAX) ?? 1,
      promptTokens:
        estimateMessages(body["messages"]) +
        estimateContent(body["prompt"]) +
        estimateContent(body["suffix"]),
      maxTokens: asked,
      changes,
      idempotency: readIdempotencyKey(call.request, text),
      ask(maxTokens, signal) {
        const isOwn = changes.length === 0 && maxTokens === asked;
        const sent = isOwn ? text : JSON.stringify({ ...body, [limitName]: maxTokens });
        return transport({ method: "POST", path, body: sent, isStream }, signal);
      },
    });
  };
}
