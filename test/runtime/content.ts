/** The text of an answer, out of the chunks that a client would read. */

import { parseEvents } from "../support/sse.ts";

/** Joins the content of every chunk, `[DONE]` and our own events aside. */
export function contentOf(stream: string): string {
  return parseEvents(stream)
    .filter(({ data, event }) => data !== "[DONE]" && event === undefined)
    .map(({ data }) => JSON.parse(data).choices?.[0]?.delta?.content ?? "")
    .filter((content) => typeof content === "string")
    .join("");
}
