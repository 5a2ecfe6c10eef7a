/** Resuming: the events strictly after the last one that the client has, then live. */

import { DRAINING_RETRY, encodeFault, GONE_ID } from "../core/encode.ts";
import { Fault, failure } from "../core/fault.ts";
import type { StreamLog } from "../stores/stream-store.ts";
import type { Call, Parts } from "./call.ts";
import { read, streamGone } from "./follow.ts";
import { type Answer, SSE_HEADERS } from "./sse.ts";

const EVENT_ID = /^([0-9A-Za-z_-]{1,64})\.(\d{1,15})$/;

/** `/stream` with `Last-Event-ID`: never asks upstream, whatever the id is. */
export async function resumeStream(parts: Parts, call: Call, lastEventId: string): Promise<Answer> {
  if (lastEventId === GONE_ID) return nothingMore();
  const [, id = "", seq = "0"] = EVENT_ID.exec(lastEventId) ?? [];
  const log = await findOwn(parts, call, id);
  try {
    if (log === undefined) throw streamGone();
    return resume(parts, call, log, Number(seq));
  } catch (thrown) {
    // EventSource dies for good on any status but 200, so what it must know is said in a stream.
    if (!(thrown instanceof Fault) || thrown.code !== "stream_gone") throw thrown;
    Object.assign(call.set.headers, SSE_HEADERS);
    return { body: parts.isDraining() ? DRAINING_RETRY : encodeFault(GONE_ID, thrown) };
  }
}

/** `GET /v1/streams/{id}`. */
export function createGetStreamById(parts: Parts) {
  return async (call: Call & { readonly params: { readonly id: string } }): Promise<Answer> => {
    const lastEventId = call.request.headers.get("last-event-id");
    const log = await findOwn(parts, call, call.params.id);
    if (log === undefined) throw streamGone();
    if (lastEventId === null) return resume(parts, call, log, 0);
    const [, id, seq] = EVENT_ID.exec(lastEventId) ?? [];
    if (id !== log.id) {
      const message = `Last-Event-ID must be an id of this stream, ${log.id}.<number>.`;
      throw new Fault("invalid_request", message, { param: "last-event-id" });
    }
    return resume(parts, call, log, Number(seq));
  };
}

/** `DELETE /v1/streams/{id}`: cancels upstream, settles, forgets. */
export function createDeleteStream(parts: Parts) {
  return async (call: Call & { readonly params: { readonly id: string } }): Promise<Response> => {
    const log = await findOwn(parts, call, call.params.id);
    if (log === undefined) throw streamGone();
    await parts.completions.cancel(log.id, failure("cancelled", "The stream was cancelled."));
    await parts.streams.erase(log.id);
    return new Response(null, { status: 204 });
  };
}

async function findOwn(parts: Parts, call: Call, id: string): Promise<StreamLog | undefined> {
  const log = await parts.streams.find(id);
  return log?.owner === call.principal.id && log.kind === "events" ? log : undefined;
}

function resume(parts: Parts, call: Call, log: StreamLog, after: number): Answer {
  if (log.end() !== undefined && after === log.lastSeq() + 1) return nothingMore();
  return read(parts, call, log, { dialect: "stream", after, isFresh: false });
}

/** The one answer that stops an EventSource without an error. */
function nothingMore(): Answer {
  return { body: new Response(null, { status: 204 }) };
}
