/** Refuses what Mistral refuses, in its words: unknown fields, values out of range, messages out of order. */

import { isObject } from "../../core/chunk.ts";
import {
  CHAT,
  CONTENT,
  EMBEDDINGS,
  FIM,
  type Fields,
  MESSAGE_FIELDS,
  type Problem,
} from "./fields.ts";
import { serves } from "./models.ts";

/** A refusal: a status and the JSON that goes with it. */
export interface Refused {
  readonly status: number;
  readonly body: unknown;
}

type Body = Record<string, unknown>;
type Detail = Problem & { readonly loc: readonly (string | number)[]; readonly input: unknown };

const ROUTES: Readonly<
  Record<"chat" | "fim" | "embeddings", readonly [Fields, readonly string[]]>
> = {
  chat: [CHAT, ["model", "messages"]],
  fim: [FIM, ["model", "prompt"]],
  embeddings: [EMBEDDINGS, ["model", "input"]],
};

/** Mistral's documented error shape. */
export function refused(
  status: number,
  type: string,
  message: unknown,
  code: string | null = null,
): Refused {
  return { status, body: { object: "error", message, type, param: null, code } };
}

/** Looks at a request as Mistral would; undefined means that it is answered. */
export function validate(route: keyof typeof ROUTES, body: unknown): Refused | undefined {
  const details = isObject(body)
    ? [
        ...fieldDetails(...ROUTES[route], body),
        ...(route === "chat" ? messageDetails(body["messages"]) : []),
      ]
    : [
        {
          type: "model_attributes_type",
          loc: ["body"],
          msg: "Input should be a valid dictionary",
          input: body,
        },
      ];
  if (details.length > 0) return refused(422, "invalid_request_error", { detail: details });
  const { model, messages } = body as Body;
  if (!serves(String(model), route))
    return refused(400, "invalid_model", `Invalid model: ${model}`, "1500");
  const disorder = route === "chat" ? disorderOf(messages as readonly Body[]) : undefined;
  return disorder === undefined
    ? undefined
    : refused(400, "invalid_request_message_order", disorder, "3230");
}

function fieldDetails(fields: Fields, required: readonly string[], body: Body): Detail[] {
  const details: Detail[] = [];
  for (const name of required) {
    if (!(name in body))
      details.push({ type: "missing", loc: ["body", name], msg: "Field required", input: body });
  }
  for (const [name, input] of Object.entries(body)) {
    const problem = Object.hasOwn(fields, name) ? fields[name]?.(input) : EXTRA;
    if (problem !== undefined) details.push({ ...problem, loc: ["body", name], input });
  }
  return details;
}

const EXTRA: Problem = { type: "extra_forbidden", msg: "Extra inputs are not permitted" };

function messageDetails(messages: unknown): Detail[] {
  const details: Detail[] = [];
  for (const [i, message] of (Array.isArray(messages) ? messages : []).entries()) {
    const role = isObject(message) ? String(message["role"]) : "";
    const fields = Object.hasOwn(MESSAGE_FIELDS, role) ? MESSAGE_FIELDS[role] : undefined;
    if (fields === undefined) {
      const roles = Object.keys(MESSAGE_FIELDS)
        .map((name) => `'${name}'`)
        .sort()
        .join(", ");
      const msg = `Input tag '${role}' found using 'role' does not match any of the expected tags: ${roles}`;
      details.push({
        type: "union_tag_invalid",
        loc: ["body", "messages", i],
        msg,
        input: message,
      });
      continue;
    }
    const loc = ["body", "messages", i, role];
    for (const [name, input] of Object.entries(message)) {
      if (!fields.includes(name)) details.push({ ...EXTRA, loc: [...loc, name], input });
    }
    const problem = CONTENT(message["content"] ?? (role === "assistant" ? null : undefined));
    if (problem !== undefined)
      details.push({ ...problem, loc: [...loc, "content"], input: message });
  }
  return details;
}

/** The rules of serving: what may follow what, and that each tool call has its one result. */
function disorderOf(messages: readonly Body[]): string | undefined {
  let open: unknown[] = []; // ids of tool calls without a result yet
  let before = "";
  for (const message of messages) {
    const role = String(message["role"]);
    if (role === "tool") {
      const id = message["tool_call_id"];
      if (before !== "tool" && open.length === 0)
        return `Unexpected role 'tool' after role '${before}'`;
      if (!open.includes(id)) return `Unexpected tool call id ${id} in tool results`;
      open = open.filter((known) => known !== id);
    } else {
      if (open.length > 0) return "Not the same number of function calls and responses";
      if (before === "tool" && role === "user") return "Unexpected role 'user' after role 'tool'";
      const calls = role === "assistant" ? message["tool_calls"] : undefined;
      open = (Array.isArray(calls) ? calls : []).map((call) =>
        isObject(call) ? call["id"] : undefined,
      );
    }
    before = role;
  }
  if (open.length > 0) return "Not the same number of function calls and responses";
  const isAnswerable =
    before === "user" || before === "tool" || messages.at(-1)?.["prefix"] === true;
  const expected =
    "Expected last role User or Tool (or Assistant with prefix True) for serving but got";
  return isAnswerable ? undefined : `${expected} ${before}`;
}
