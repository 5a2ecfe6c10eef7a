/** OpenAI's request on Mistral's wire: what is renamed, what is left out, and what is said about it. */

import { isObject } from "../core/chunk.ts";

/** OpenAI's name for a field of Mistral's. */
const RENAMED: ReadonlyMap<string, string> = new Map([
  ["max_completion_tokens", "max_tokens"],
  ["seed", "random_seed"],
]);

/** OpenAI's fields that Mistral refuses with 422 and that no answer depends on. */
const LEFT_OUT = new Set([
  "user",
  "store",
  "service_tier",
  "logprobs",
  "top_logprobs",
  "logit_bias",
  "modalities",
  "stream_options",
]);

/** A request that Mistral takes. */
export interface Adapted {
  readonly body: Record<string, unknown>;
  /** One entry a change, as `x-adapted-params` shows it; empty when the body is the client's own. */
  readonly changes: readonly string[];
}

/**
 * Adapts a chat completion. Fields that neither side's list names are passed on: Mistral's 422 on
 * one is the client's own fault and says so.
 */
export function adaptRequest(body: Record<string, unknown>): Adapted {
  const changes: string[] = [];
  const adapted: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(body)) {
    const renamed = RENAMED.get(name);
    if (LEFT_OUT.has(name)) changes.push(`-${name}`);
    else if (renamed !== undefined) {
      changes.push(`${name}->${renamed}`);
      // Where a client sends both names, Mistral's own is the one it meant for Mistral.
      if (!(renamed in body)) adapted[renamed] = value;
    } else adapted[name] = value;
  }
  const messages = adapted["messages"];
  if (Array.isArray(messages) && messages.some(isDeveloper)) {
    changes.push("messages.role:developer->system");
    adapted["messages"] = messages.map((m) => (isDeveloper(m) ? { ...m, role: "system" } : m));
  }
  return changes.length === 0 ? { body, changes } : { body: adapted, changes };
}

function isDeveloper(message: unknown): message is Record<string, unknown> {
  return isObject(message) && message["role"] === "developer";
}
