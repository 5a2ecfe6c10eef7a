/** `POST /v1/embeddings`: passed on under the same limits; there is a prompt and no output. */

import { NAME_CHARS } from "../core/bounds.ts";
import { estimateContent } from "../core/estimate.ts";
import { readJson } from "./body.ts";
import type { Call, Parts } from "./call.ts";
import { complete } from "./complete.ts";
import { invalid, readText } from "./fields.ts";
import type { Answer } from "./sse.ts";

export function createEmbeddings(parts: Parts) {
  return async (call: Call): Promise<Answer> => {
    const { text, json } = await readJson(call.request, parts.config.bounds.maxBodyBytes);
    const model = readText(json, "model", NAME_CHARS);
    if (model === undefined) throw invalid("model", "is missing: name the model to ask");
    return complete(parts, call, {
      model,
      kind: "answer",
      dialect: "chat",
      choices: 1,
      promptTokens: estimateContent(json["input"]),
      maxTokens: 0,
      changes: [],
      idempotency: undefined,
      ask: (_, signal) =>
        parts.transport(
          { method: "POST", path: "/v1/embeddings", body: text, isStream: false },
          signal,
        ),
    });
  };
}
