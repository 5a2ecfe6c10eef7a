/** The route handler of every endpoint that may stream: it answers with an async generator of bytes. */

import type { Reading } from "./reading.ts";

/** Headers of every event stream. No intermediary may store, recode or hold it back. */
export const SSE_HEADERS = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-cache, no-transform",
  "x-accel-buffering": "no",
} as const;

/** What an endpoint answers with: a reading to stream, or a body that is there already. */
export type Answer = Reading | { readonly body: Uint8Array<ArrayBuffer> | Response };

/**
 * Makes a handler of an endpoint. Until there are first bytes there is no response, so a Fault thrown
 * before them keeps its status; afterwards nothing here throws, because a generator that throws looks
 * like a clean end (facts, 1 and 2).
 */
export function sse<C>(endpoint: (context: C) => Promise<Answer>) {
  return async (context: C): Promise<AsyncGenerator<Uint8Array> | Uint8Array | Response> => {
    const answer = await endpoint(context);
    if ("body" in answer) return answer.body;
    try {
      return stream(answer, await firstBytes(answer));
    } catch (fault) {
      answer.leave();
      throw fault;
    }
  };
}

/** Nothing where the client left before there was anything to write. */
async function firstBytes(reading: Reading): Promise<Uint8Array> {
  while (!reading.isOver()) {
    const bytes = reading.take();
    if (bytes !== undefined) return bytes;
    await reading.changed();
  }
  return new Uint8Array(0);
}

function stream(reading: Reading, first: Uint8Array): AsyncGenerator<Uint8Array> {
  const steps = (async function* () {
    try {
      yield first;
      while (!reading.isOver()) {
        const bytes = reading.take();
        if (bytes === undefined) await reading.changed();
        else yield bytes;
      }
    } finally {
      reading.leave();
    }
  })();
  // A connection that is reset (Deno 2.9.6) ends the body and not the request's signal, and a
  // generator that waits is returned from only when its wait is over. So leaving comes first.
  const end = steps.return.bind(steps);
  steps.return = (value) => {
    reading.leave();
    return end(value);
  };
  return steps;
}
