/** Mistral's request fields and what each must be. Source: its OpenAPI description, read in November 2026. */

import { isObject } from "../../core/chunk.ts";

/** What Pydantic would say of a value, without its place. */
export interface Problem {
  readonly type: string;
  readonly msg: string;
  readonly ctx?: Readonly<Record<string, unknown>>;
}

/** Looks at one value; undefined means that it is fine. */
export type Check = (value: unknown) => Problem | undefined;

/** The fields of one route. */
export type Fields = Readonly<Record<string, Check>>;

/** `n` has no documented maximum; the simulation keeps one so that a request cannot exhaust it. */
export const CHOICES_MAX = 16;

const valid = (type: string, noun: string, test: (value: unknown) => boolean): Check => {
  const problem = { type: `${type}_type`, msg: `Input should be a valid ${noun}` };
  return (value) => (test(value) ? undefined : problem);
};
const text = valid("string", "string", (v) => typeof v === "string");
const flag = valid("bool", "boolean", (v) => typeof v === "boolean");
const dict = valid("dict", "dictionary", isObject);
const list = valid("list", "list", Array.isArray);
const number = valid("float", "number", (v) => typeof v === "number");
const integer = valid("int", "integer", Number.isInteger);
const textOrList = valid(
  "string",
  "string or list",
  (v) => typeof v === "string" || Array.isArray(v),
);
const textOrDict = valid(
  "string",
  "string or dictionary",
  (v) => typeof v === "string" || isObject(v),
);

const orNull =
  (check: Check): Check =>
  (value) =>
    value === null ? undefined : check(value);

const between = (check: Check, ge: number, le = Number.POSITIVE_INFINITY): Check => {
  const low = {
    type: "greater_than_equal",
    msg: `Input should be greater than or equal to ${ge}`,
    ctx: { ge },
  };
  const high = {
    type: "less_than_equal",
    msg: `Input should be less than or equal to ${le}`,
    ctx: { le },
  };
  return (value) =>
    check(value) ?? ((value as number) < ge ? low : (value as number) > le ? high : undefined);
};

const lengths =
  (least: number, most: number): Check =>
  (value) => {
    const size = Array.isArray(value) ? value.length : 0;
    const at = (bound: string, n: number) =>
      `List should have at ${bound} ${n} items after validation, not ${size}`;
    if (size < least)
      return { type: "too_short", msg: at("least", least), ctx: { min_length: least } };
    if (size > most) return { type: "too_long", msg: at("most", most), ctx: { max_length: most } };
    return undefined;
  };

const SAMPLING: Fields = {
  temperature: orNull(between(number, 0, 1.5)),
  top_p: between(number, 0, 1),
  max_tokens: orNull(between(integer, 0)),
  stream: flag,
  stop: orNull(textOrList),
  random_seed: orNull(between(integer, 0)),
  metadata: orNull(dict),
  prompt_cache_key: orNull(text),
};

/** `ChatCompletionRequest`: 22 fields, no others. */
export const CHAT: Fields = {
  ...SAMPLING,
  model: text,
  messages: (value) => list(value) ?? lengths(1, Number.POSITIVE_INFINITY)(value),
  response_format: dict,
  tools: orNull((value) => list(value) ?? lengths(0, 128)(value)),
  tool_choice: textOrDict,
  parallel_tool_calls: flag,
  presence_penalty: between(number, -2, 2),
  frequency_penalty: between(number, -2, 2),
  n: orNull(between(integer, 1, CHOICES_MAX)),
  prediction: dict,
  prompt_mode: orNull(text),
  reasoning_effort: text,
  guardrails: orNull(list),
  safe_prompt: flag,
};

/** `FIMCompletionRequest`. */
export const FIM: Fields = {
  ...SAMPLING,
  model: text,
  prompt: text,
  suffix: orNull(text),
  min_tokens: orNull(between(integer, 0)),
};

/** `EmbeddingRequest`. */
export const EMBEDDINGS: Fields = {
  model: text,
  input: textOrList,
  metadata: orNull(dict),
  output_dimension: orNull(between(integer, 1, 1024)),
  output_dtype: text,
  encoding_format: text,
};

/** A message's content; only an assistant that calls tools may leave it out or null. */
export const CONTENT: Check = (value) =>
  value === undefined ? { type: "missing", msg: "Field required" } : orNull(textOrList)(value);

/** Message roles and the fields of each: `SystemMessage` and its siblings, closed like the request. */
export const MESSAGE_FIELDS: Readonly<Record<string, readonly string[]>> = {
  system: ["role", "content"],
  user: ["role", "content"],
  assistant: ["role", "content", "tool_calls", "prefix"],
  tool: ["role", "content", "tool_call_id", "name"],
};
