/** From a valid request to its first bytes: model, limits, relay, reader. Every completion comes through here. */

import { allowsModel } from "../core/api-key.ts";
import { STREAM_GRACE_MS } from "../core/bounds.ts";
import type { Told } from "../completions.ts";
import { Fault } from "../core/fault.ts";
import type { StreamLog } from "../stores/stream-store.ts";
import type { Opened } from "../upstream/transport.ts";
import { type Call, type Parts, requestIdOf } from "./call.ts";
import { read, readWhole } from "./follow.ts";
import { readGrace } from "./grace.ts";
import type { Answer } from "./sse.ts";

/** A completion that a client asks for, in the terms that limits and logs need. */
export interface Wanted {
  readonly model: string;
  readonly kind: StreamLog["kind"];
  /** Whether it is told as `/stream` or as `/v1`. */
  readonly dialect: "stream" | "chat";
  readonly choices: number;
  readonly promptTokens: number;
  /** `max_tokens` as the client named it; undefined where it did not, 0 where there is no output. */
  readonly maxTokens: number | undefined;
  /** What was changed on the way so far. */
  readonly changes: readonly string[];
  /** Asks upstream, with the `max_tokens` that the limits allow. */
  readonly ask: (maxTokens: number, signal: AbortSignal) => Promise<Opened>;
}

/**
 * Starts a completion and reads it.
 * @throws Fault when it is refused, here or upstream, before there is anything to show
 */
export async function complete(parts: Parts, call: Call, wanted: Wanted): Promise<Answer> {
  const log = await start(parts, call, wanted);
  return wanted.kind === "events"
    ? read(parts, call, log, { dialect: wanted.dialect, after: 0, isFresh: true })
    : readWhole(parts, call, log);
}

/** Admits and starts a completion; whoever calls joins its log before anything else can happen. */
async function start(parts: Parts, call: Call, wanted: Wanted): Promise<StreamLog> {
  const { admission, completions } = parts;
  const { principal, address, request, set } = call;
  const { model, kind, choices, promptTokens } = wanted;
  if (!allowsModel(principal.models, model)) {
    throw new Fault("model_not_allowed", `This key may not ask the model "${model}".`, { param: "model" });
  }
  const graceMs = readGrace(request, wanted.dialect === "stream" ? STREAM_GRACE_MS : 0);
  const grant = await admission.completion(
    principal,
    address,
    { promptTokens, choices, outputTokens: wanted.maxTokens ?? Number.POSITIVE_INFINITY },
    () => completions.giveWay(principal.id),
  );
  if (grant instanceof Fault) throw grant;
  const changes = [...wanted.changes];
  if (wanted.maxTokens !== 0 && wanted.maxTokens !== grant.maxTokens) changes.push(`max_tokens=${grant.maxTokens}`);
  if (changes.length > 0) set.headers["x-adapted-params"] = changes.join(", ");
  const requestId = requestIdOf(set);
  const streamId = parts.newId();
  return completions.start({
    id: streamId,
    owner: principal.id,
    digest: principal.digest,
    model,
    kind,
    createdMs: parts.clock(),
    choices,
    graceMs,
    open: (signal) => wanted.ask(grant.maxTokens, signal),
    settle(told) {
      grant.settle(usedTokens(told, promptTokens));
      report(parts, { requestId, streamId, principal: principal.id, address, model }, told);
    },
  });
}

/** What upstream counted, else our own count; nothing where upstream never got to work. */
function usedTokens({ end, events, countedTokens }: Told, promptTokens: number): number {
  const { usage } = end;
  if (usage !== null) {
    return usage.total_tokens ?? (usage.prompt_tokens ?? promptTokens) + (usage.completion_tokens ?? countedTokens);
  }
  if (events === 0 && end.outcome.startsWith("upstream_")) return 0;
  return promptTokens + countedTokens;
}

function report(
  parts: Parts,
  who: { requestId: string; streamId: string; principal: string; address: string; model: string },
  { end, events, durationMs, firstEventMs, countedTokens }: Told,
): void {
  const promptTokens = end.usage?.prompt_tokens ?? 0;
  const completionTokens = end.usage?.completion_tokens ?? countedTokens;
  const { metrics, log } = parts;
  metrics.ended(who.model, end.outcome, durationMs);
  metrics.tokens(who.model, promptTokens, completionTokens);
  if (firstEventMs !== undefined) metrics.firstEvent(who.model, firstEventMs);
  const write = end.outcome === "upstream_auth" ? log.error : log.info;
  write("stream", {
    ...who,
    outcome: end.outcome,
    events,
    durationMs: Math.round(durationMs),
    ...(firstEventMs === undefined ? {} : { firstEventMs: Math.round(firstEventMs) }),
    promptTokens,
    completionTokens,
    ...(end.failure === undefined ? {} : { code: end.failure.fault.code }),
  });
}
