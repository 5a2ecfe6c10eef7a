/** The route handler of every endpoint that may stream: an async generator that yields bytes. */

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
 * Makes a handler of an endpoint. Elysia awaits the first step before there is a response, so a
 * Fault thrown until then keeps its status; afterwards nothing here throws, because a generator
 * that throws later looks like a clean end (facts, 1 and 2).
 */
export function sse<C>(endpoint: (context: C) => Promise<Answer>) {
  return function stream(context: C): AsyncGenerator<Uint8Array, unknown, void> {
    let reading: Reading | undefined;
    const steps = (async function* () {
      const answer = await endpoint(context);
      if ("body" in answer) return answer.body;
      reading = answer;
      try {
        while (!reading.isOver()) {
          const bytes = reading.take();
          if (bytes === undefined) await reading.changed();
          else yield bytes;
        }
      } finally {
        reading.leave();
      }
      return undefined;
    })();
    // A connection that is reset (Deno 2.9.6) ends the body alone, not the request's signal, and a
    // generator that waits is returned from only when its wait is over.
    const end = steps.return.bind(steps);
    steps.return = (value) => {
      reading?.leave();
      return end(value);
    };
    return steps;
  };
}
