/** The request header `stream-grace`: how long an answer outlives its last reader. */

import { GRACE_MAX_SECONDS } from "../core/bounds.ts";
import { Fault } from "../core/fault.ts";

/**
 * @returns milliseconds
 * @throws Fault `invalid_request` for anything but a number of seconds from 0 to 60
 */
export function readGrace(request: Request, fallbackMs: number): number {
  const text = request.headers.get("stream-grace");
  if (text === null) return fallbackMs;
  const seconds = Number(text);
  if (/^\d{1,2}(\.\d{1,3})?$/.test(text) && seconds <= GRACE_MAX_SECONDS) return seconds * 1000;
  throw new Fault("invalid_request", `stream-grace takes seconds from 0 to ${GRACE_MAX_SECONDS}.`, {
    param: "stream-grace",
  });
}
