/** Tokens of a prompt before upstream has counted them: an estimate, settled by the real count. */

import { CHARS_PER_TOKEN, PART_TOKENS } from "./bounds.ts";
import { isObject } from "./chunk.ts";

/** Roles and separators of one message. */
const MESSAGE_TOKENS = 4;

/** @returns whole tokens, at least 1 for any text */
export function estimateText(text: string): number {
  return Math.ceil(text.length / CHARS_PER_TOKEN);
}

/**
 * Estimates chat messages. Text counts by its length; any other part (image, document, audio) counts
 * as one lump, because its size in bytes says little of its tokens.
 */
export function estimateMessages(messages: unknown): number {
  if (!Array.isArray(messages)) return 0;
  let tokens = 0;
  for (const message of messages) {
    if (isObject(message)) tokens += MESSAGE_TOKENS + estimateContent(message["content"]);
  }
  return tokens;
}

/** Estimates a text, a list of texts, or a list of content parts. */
export function estimateContent(content: unknown): number {
  if (typeof content === "string") return estimateText(content);
  if (!Array.isArray(content)) return 0;
  let tokens = 0;
  for (const part of content) {
    if (typeof part === "string") tokens += estimateText(part);
    else if (isObject(part) && typeof part["text"] === "string")
      tokens += estimateText(part["text"]);
    else tokens += PART_TOKENS;
  }
  return tokens;
}
