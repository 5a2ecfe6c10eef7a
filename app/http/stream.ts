/** `GET /stream` and `POST /stream`: a prompt in, an event stream with ids out. */

import { NAME_CHARS, QUERY_CHARS, TOKENS_MAX } from "../core/bounds.ts";
import { estimateText } from "../core/estimate.ts";
import { readJson } from "./body.ts";
import type { Call, Parts } from "./call.ts";
import { complete } from "./complete.ts";
import { type Fields, invalid, readInteger, readNumber, readText } from "./fields.ts";
import { resumeStream } from "./resume.ts";
import type { Answer } from "./sse.ts";

/** Mistral's own range. */
const TEMPERATURE_MAX = 1.5;

const NAMES = new Set(["q", "model", "system", "temperature", "max_tokens"]);

/** Answers both: a new question, or, with `Last-Event-ID`, the rest of an old answer. */
export function createStream(parts: Parts) {
  const { maxBodyBytes } = parts.config.bounds;
  return async (call: Call): Promise<Answer> => {
    const { request } = call;
    const lastEventId = request.headers.get("last-event-id");
    if (lastEventId !== null) return resumeStream(parts, call, lastEventId);
    if (request.method === "GET") return ask(parts, call, readQuery(request), QUERY_CHARS);
    const { json } = await readJson(request, maxBodyBytes);
    return ask(parts, call, json, maxBodyBytes);
  };
}

function ask(parts: Parts, call: Call, fields: Fields, maxChars: number): Promise<Answer> {
  const unknown = Object.keys(fields).find((name) => !NAMES.has(name));
  if (unknown !== undefined)
    throw invalid(unknown, `is not known here; there are ${[...NAMES].join(", ")}`);
  const q = readText(fields, "q", maxChars);
  if (q === undefined) throw invalid("q", "is missing: it is the prompt");
  const model = readText(fields, "model", NAME_CHARS) ?? parts.config.upstream.defaultModel;
  const system = readText(fields, "system", maxChars);
  const temperature = readNumber(fields, "temperature", 0, TEMPERATURE_MAX);
  return complete(parts, call, {
    model,
    kind: "events",
    dialect: "stream",
    choices: 1,
    promptTokens: estimateText(q) + estimateText(system ?? ""),
    maxTokens: readInteger(fields, "max_tokens", 1, TOKENS_MAX),
    changes: [],
    idempotency: undefined,
    ask: (maxTokens, signal) =>
      parts.askStream({ q, model, system, temperature, maxTokens }, signal),
  });
}

function readQuery(request: Request): Fields {
  const fields: Record<string, string> = {};
  for (const [name, value] of new URL(request.url).searchParams) {
    if (Object.hasOwn(fields, name)) throw invalid(name, "stands twice in the URL");
    fields[name] = value;
  }
  return fields;
}
