/** What a gateway must know of Mistral's chunks, read from a closed set of members and nothing rebuilt. */

import { ERROR_MESSAGE_CHARS } from "./bounds.ts";

/** Facts of one chunk. */
export interface ChunkFacts {
  /** Choices that ended with this chunk: index to finish reason. */
  readonly finished: ReadonlyArray<readonly [index: number, reason: string]>;
  /** Upstream's usage object as it came, or undefined where the chunk has none. */
  readonly usage: Usage | undefined;
  /** Upstream's words when the chunk is an error frame, cut short. */
  readonly error: string | undefined;
}

/** Tokens as upstream counts them; members beyond these are kept and passed on. */
export interface Usage {
  readonly prompt_tokens?: number;
  readonly completion_tokens?: number;
  readonly total_tokens?: number;
}

/** The data of the event that ends Mistral's and OpenAI's streams. */
export const DONE = "[DONE]";

/**
 * Reads the facts of one chunk or of one whole answer (`chat.completion`).
 * @param data JSON text
 * @returns undefined when it is not a JSON object
 */
export function readChunk(data: string): ChunkFacts | undefined {
  let chunk: unknown;
  try {
    chunk = JSON.parse(data);
  } catch {
    return undefined;
  }
  if (!isObject(chunk)) return undefined;
  const choices = Array.isArray(chunk["choices"]) ? chunk["choices"] : [];
  const finished: [number, string][] = [];
  for (const [position, choice] of choices.entries()) {
    if (!isObject(choice) || typeof choice["finish_reason"] !== "string") continue;
    const index = typeof choice["index"] === "number" ? choice["index"] : position;
    finished.push([index, choice["finish_reason"]]);
  }
  const usage = isObject(chunk["usage"]) ? (chunk["usage"] as Usage) : undefined;
  return { finished, usage, error: errorOf(chunk)?.slice(0, ERROR_MESSAGE_CHARS) };
}

/** Upstream's message out of any of its error shapes, or undefined where the object is no error. */
export function errorOf(body: Record<string, unknown>): string | undefined {
  const error = body["error"];
  if (typeof error === "string") return error;
  if (isObject(error)) return textOf(error["message"]) ?? "Upstream gave no reason.";
  const isError = body["object"] === "error" || (body["choices"] === undefined && "detail" in body);
  if (!isError) return undefined;
  return textOf(body["message"]) ?? textOf(body["detail"]) ?? "Upstream gave no reason.";
}

/** A message as text: some of upstream's are objects. */
export function textOf(message: unknown): string | undefined {
  if (typeof message === "string") return message;
  return message === undefined || message === null ? undefined : JSON.stringify(message);
}

/** Whether a value is a plain JSON object. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
