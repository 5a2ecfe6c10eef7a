/** From a valid request to its first bytes: model, limits, relay, reader. Every completion comes through here. */

import { allowsModel } from "../core/api-key.ts";
import { STREAM_GRACE_MS } from "../core/bounds.ts";
import { Fault } from "../core/fault.ts";
import type { StreamLog } from "../stores/stream-store.ts";
import type { Opened } from "../upstream/transport.ts";
import { type Call, type Parts, requestIdOf } from "./call.ts";
import { read, readWhole, refuseIfCrowded } from "./follow.ts";
import { readGrace } from "./grace.ts";
import type { IdempotencyKey } from "./idempotency-key.ts";
import { report, usedTokens } from "./report.ts";
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
  /** Set where a repeat of this request must not ask again. */
  readonly idempotency: IdempotencyKey | undefined;
  /** Asks upstream, with the `max_tokens` that the limits allow. */
  readonly ask: (maxTokens: number, signal: AbortSignal) => Promise<Opened>;
}

/**
 * Starts a completion and reads it.
 * @throws Fault when it is refused, here or upstream, before there is anything to show
 */
export async function complete(parts: Parts, call: Call, wanted: Wanted): Promise<Answer> {
  // A completion that nobody could read must not be started.
  refuseIfCrowded(parts);
  const { idempotency, kind, dialect } = wanted;
  const begin = () => start(parts, call, wanted);
  const log =
    idempotency === undefined
      ? await begin()
      : await parts.idempotency.once(
          call.principal.id,
          idempotency.key,
          idempotency.fingerprint,
          begin,
        );
  if (kind === "events") return read(parts, call, log, { dialect, after: 0, isFresh: true });
  const answer = await readWhole(call, log);
  // Nothing but a repeat with the same key can ask for this answer again.
  if (idempotency === undefined) await parts.streams.erase(log.id);
  return answer;
}

/** Admits and starts a completion. */
async function start(parts: Parts, call: Call, wanted: Wanted): Promise<StreamLog> {
  const { admission, completions } = parts;
  const { principal, address, request, set } = call;
  const { model, kind, choices, promptTokens } = wanted;
  if (!allowsModel(principal.models, model)) {
    throw new Fault("model_not_allowed", `This key may not ask the model "${model}".`, {
      param: "model",
    });
  }
  // A client that names its request means to come back for it, on either dialect.
  const isAwaited = wanted.dialect === "stream" || wanted.idempotency !== undefined;
  const graceMs = readGrace(request, isAwaited ? STREAM_GRACE_MS : 0);
  const grant = await admission.completion(
    principal,
    address,
    { promptTokens, choices, outputTokens: wanted.maxTokens ?? Number.POSITIVE_INFINITY },
    () => completions.giveWay(principal.id),
  );
  if (grant instanceof Fault) throw grant;
  const changes = [...wanted.changes];
  if (wanted.maxTokens !== 0 && wanted.maxTokens !== grant.maxTokens)
    changes.push(`max_tokens=${grant.maxTokens}`);
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
