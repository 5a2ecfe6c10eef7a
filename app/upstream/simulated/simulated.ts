/** The built-in simulated Mistral: its wire, its refusals, answers that follow from the request. */

import { isObject } from "../../core/chunk.ts";
import { answerTo, type CompletionRequest, lastText } from "./answer.ts";
import { type EmbeddingRequest, embed } from "./embedding.ts";
import { CARDS } from "./models.ts";
import type { Recording } from "./replay.ts";
import { toBody, toChunks, toEvents } from "./stream.ts";
import { type Refused, refused, validate } from "./validate.ts";
import { letters, seeded } from "./words.ts";

/** How the simulation behaves. */
export interface SimulatedOptions {
  /** Between two events; 0 is as fast as they are read. */
  readonly paceMs: number;
  /**
   * Recordings to answer completions with: the one named like the last user message or the model,
   * else request k gets number k mod N. Without streaming only those that have a body.
   */
  readonly replay?: readonly Recording[];
  /** The clock behind `created`, the one member that differs between two equal requests. */
  readonly nowSeconds?: () => number;
}

/**
 * A simulated Mistral, as a `fetch` that never leaves the process.
 * @returns resolves with every answer and refusal; rejects, or errors the body, only when `request.signal` aborts
 * @example
 * const simulated = createSimulated({ paceMs: 20 });
 * await simulated(new Request("http://mistral/v1/models", { headers: { authorization: "Bearer any" } }));
 */
export function createSimulated(
  options: SimulatedOptions,
): (request: Request) => Promise<Response> {
  const { paceMs, replay = [], nowSeconds = () => Math.floor(Date.now() / 1000) } = options;
  let asked = 0;

  function complete(route: "chat" | "fim", body: unknown, signal: AbortSignal): Response {
    // A recording's name may stand where the model's does.
    const isNamed = isObject(body) && replay.some(({ name }) => name === body["model"]);
    const refusal = validate(route, isNamed ? { ...body, model: DEFAULT } : body);
    if (refusal !== undefined) return refuse(refusal);
    const request = body as CompletionRequest;
    const recording = replay.length === 0 ? undefined : choose(replay, request, asked++);
    if (request.stream !== true) {
      return json(200, recording?.body ?? toBody(answerTo(request), nowSeconds()), request);
    }
    const chunks = recording?.chunks.values() ?? toChunks(answerTo(request), nowSeconds());
    const headers = headersOf("text/event-stream; charset=utf-8", request);
    return new Response(toEvents(chunks, paceMs, signal), { headers });
  }

  return async (request) => {
    const { pathname } = new URL(request.url);
    if (!/^Bearer\s+\S/i.test(request.headers.get("authorization") ?? "")) {
      return refuse({ status: 401, body: { detail: "Unauthorized" } });
    }
    if (request.method === "GET" && pathname === "/v1/models") {
      return json(200, JSON.stringify({ object: "list", data: CARDS }), pathname);
    }
    const route = request.method === "POST" ? ROUTES[pathname] : undefined;
    if (route === undefined) return refuse(refused(404, "not_found", "Not Found"));
    const body = parse(await request.text());
    request.signal.throwIfAborted();
    if (body === undefined)
      return refuse(refused(422, "invalid_request_error", { detail: [NO_JSON] }));
    if (route !== "embeddings") return complete(route, body, request.signal);
    const refusal = validate(route, body);
    return refusal === undefined
      ? json(200, embed(body as EmbeddingRequest), body)
      : refuse(refusal);
  };
}

const DEFAULT = "codestral-latest"; // serves chat and FIM alike

const ROUTES: Readonly<Record<string, "chat" | "fim" | "embeddings">> = {
  "/v1/chat/completions": "chat",
  "/v1/fim/completions": "fim",
  "/v1/embeddings": "embeddings",
};

const NO_JSON = { type: "json_invalid", loc: ["body", 0], msg: "JSON decode error", input: {} };

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function choose(
  replay: readonly Recording[],
  request: CompletionRequest,
  asked: number,
): Recording | undefined {
  const said = lastText(request).trim();
  const named =
    replay.find(({ name }) => name === said) ?? replay.find(({ name }) => name === request.model);
  return named ?? replay[asked % replay.length];
}

const refuse = ({ status, body }: Refused): Response => json(status, JSON.stringify(body), body);

function json(status: number, body: string, seed: unknown): Response {
  return new Response(body, { status, headers: headersOf("application/json", seed) });
}

/** Headers as they come from Mistral's edge: those that a gateway reads, and some that it must strip. */
function headersOf(contentType: string, seed: unknown): Headers {
  const id = letters("0123456789abcdef", 32, seeded(JSON.stringify(seed)));
  return new Headers({
    "content-type": contentType,
    "mistral-correlation-id": id.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-"),
    "x-ratelimit-limit-req-minute": "360",
    "x-ratelimit-remaining-req-minute": "359",
    "x-ratelimit-limit-tokens-minute": "2000000",
    "x-ratelimit-remaining-tokens-minute": "1990000",
    "x-ratelimit-tokens-query-cost": "10000",
    "access-control-allow-origin": "*",
    "alt-svc": 'h3=":443"; ma=86400',
    "cf-cache-status": "DYNAMIC",
    "set-cookie": "__cf_bm=simulated; path=/; HttpOnly",
    server: "cloudflare",
  });
}
