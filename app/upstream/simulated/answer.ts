/** What the simulation says: a completion that follows from the request alone. */

import { fill } from "./schema.ts";
import { letters, prose, type Random, seeded, toWords } from "./words.ts";

/** A request after validation, as far as the answer depends on it. */
export interface CompletionRequest {
  readonly model: string;
  readonly messages?: readonly Message[];
  readonly prompt?: string;
  readonly suffix?: string | null;
  readonly max_tokens?: number | null;
  readonly stream?: boolean;
  readonly stop?: string | readonly string[] | null;
  readonly n?: number | null;
  readonly tools?: readonly Tool[] | null;
  readonly tool_choice?: string | { readonly function?: { readonly name?: string } };
  readonly parallel_tool_calls?: boolean;
  readonly prompt_mode?: string | null;
  readonly reasoning_effort?: string;
  readonly response_format?: {
    readonly type?: string;
    readonly json_schema?: { readonly schema?: unknown };
  };
}

interface Message {
  readonly role: string;
  readonly content?: string | readonly { readonly type?: string; readonly text?: string }[] | null;
}

interface Tool {
  readonly function?: { readonly name?: string; readonly parameters?: unknown };
}

/** One call in an answer, as Mistral writes it. */
export interface ToolCall {
  readonly id: string;
  readonly function: { readonly name: string; readonly arguments: string };
  readonly index: number;
}

/** One choice: words bring their leading space, and one word is one token. */
export interface Choice {
  readonly thinking: readonly string[];
  readonly words: readonly string[];
  readonly toolCalls: readonly ToolCall[];
  readonly finish: "stop" | "length" | "tool_calls";
}

/** A whole completion before it is framed. */
export interface Answer {
  readonly id: string;
  readonly model: string;
  readonly choices: readonly Choice[];
  readonly usage: Readonly<Record<"prompt_tokens" | "total_tokens" | "completion_tokens", number>>;
}

/** The most words of one choice: a prompt may ask for any number, and this one takes about 10 MB. */
const WORDS_MAX = 1_000_000;

/** Calls in one answer when parallel ones are asked for. */
const CALLS_MAX = 4;

const ALPHANUMERIC = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/**
 * The answer to a request. "count to 50" in the last message gets the numbers 1 to 50, "50 words" (or
 * tokens) gets 50 words, anything else 20 to 79. `max_tokens` cuts, and then the rest stays the same.
 */
export function answerTo(request: CompletionRequest): Answer {
  const random = seeded(JSON.stringify({ ...request, stream: undefined, max_tokens: undefined }));
  const id = letters("0123456789abcdef", 32, random);
  const texts = request.messages?.map(textOf) ?? [request.prompt ?? "", request.suffix ?? ""];
  const last = lastText(request);
  const choices = Array.from({ length: request.n ?? 1 }, () => choiceOf(request, last, random));
  const prompt_tokens = toWords(texts.join(" ")).length;
  const completion_tokens = choices.reduce((sum, choice) => sum + tokensOf(choice), 0);
  const usage = {
    prompt_tokens,
    total_tokens: prompt_tokens + completion_tokens,
    completion_tokens,
  };
  return { id, model: request.model, choices, usage };
}

/** The last message of the user (or the prompt), which says what is wanted. */
export function lastText(request: CompletionRequest): string {
  const message = request.messages?.findLast(({ role }) => role === "user");
  return message === undefined ? (request.prompt ?? "") : textOf(message);
}

function choiceOf(request: CompletionRequest, last: string, random: Random): Choice {
  const toolCalls = toolCallsOf(request, random);
  if (toolCalls.length > 0) return { thinking: [], words: [], toolCalls, finish: "tool_calls" };
  const allowed = request.max_tokens ?? WORDS_MAX;
  const reasons = request.model.startsWith("magistral") || request.prompt_mode === "reasoning";
  const allThinking =
    reasons && request.reasoning_effort !== "none"
      ? prose(8 + Math.floor(random() * 8), random)
      : [];
  const thinking = allThinking.slice(0, allowed);
  const whole = untilStop(wordsOf(request, last, random), [request.stop ?? []].flat());
  const words = whole.slice(0, allowed - thinking.length);
  const isCut = thinking.length + words.length < allThinking.length + whole.length;
  return { thinking, words, toolCalls, finish: isCut ? "length" : "stop" };
}

function wordsOf(request: CompletionRequest, last: string, random: Random): readonly string[] {
  const format = request.response_format;
  if (format?.type === "json_schema") {
    return toWords(JSON.stringify(fill(format.json_schema?.schema, random), null, 1));
  }
  if (format?.type === "json_object") {
    return toWords(JSON.stringify({ answer: prose(8, random).join(""), confidence: 0.9 }, null, 1));
  }
  const target = /\bcount to (\d+)/i.exec(last)?.[1];
  if (target !== undefined) {
    return Array.from(
      { length: Math.min(Number(target), WORDS_MAX) },
      (_, i) => `${i === 0 ? "" : " "}${i + 1}`,
    );
  }
  const count = /\b(\d+) (?:words|tokens)\b/i.exec(last)?.[1];
  return prose(Math.min(Number(count ?? 20 + Math.floor(random() * 60)), WORDS_MAX), random);
}

/** Words before the one that holds a stop sequence; a sequence across words is not looked for. */
function untilStop(words: readonly string[], stops: readonly string[]): readonly string[] {
  const at = words.findIndex((word) => stops.some((stop) => stop !== "" && word.includes(stop)));
  return at < 0 ? words : words.slice(0, at);
}

/** `auto` calls once for each message of the user, so that a client's tool loop ends. */
function toolCallsOf(request: CompletionRequest, random: Random): readonly ToolCall[] {
  const { tool_choice: choice = "auto", tools } = request;
  if (choice === "none" || (choice === "auto" && request.messages?.at(-1)?.role !== "user"))
    return [];
  const named = typeof choice === "string" ? undefined : choice.function?.name;
  const offered = (tools ?? []).filter(
    (tool) => named === undefined || tool?.function?.name === named,
  );
  return offered
    .slice(0, request.parallel_tool_calls === true ? CALLS_MAX : 1)
    .map((tool, index) => ({
      id: letters(ALPHANUMERIC, 9, random),
      function: {
        name: tool?.function?.name ?? "",
        arguments: JSON.stringify(fill(tool?.function?.parameters, random) ?? {}),
      },
      index,
    }));
}

function textOf({ content }: Message): string {
  if (typeof content === "string") return content;
  return (content ?? []).map((part) => part?.text ?? "").join(" ");
}

function tokensOf(choice: Choice): number {
  const called = choice.toolCalls.reduce(
    (sum, call) => sum + toWords(call.function.arguments).length,
    0,
  );
  return choice.thinking.length + choice.words.length + called;
}
