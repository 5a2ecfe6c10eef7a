/** The end of an upstream body: read out, or dropped. */

import { BODY_END_MS } from "../core/bounds.ts";

/** A body that is being read. */
export type Body = ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>;

/** Lets upstream end its body after `[DONE]`, so that the connection is used again. */
export function endBody(body: Body): void {
  const timer = setTimeout(() => drop(body), BODY_END_MS);
  const readOut = async () => {
    while (!(await body.read()).done);
  };
  readOut()
    .catch(() => {})
    .finally(() => clearTimeout(timer));
}

/** Ends a body whose rest nobody wants; that it may be broken already is no news. */
export function drop(body: Body): void {
  body.cancel().catch(() => {});
}
