/** The request header `Idempotency-Key`. */

import { createHash } from "node:crypto";
import { NAME_CHARS } from "../core/bounds.ts";
import { Fault } from "../core/fault.ts";
import { pathOf } from "./call.ts";

/** A key and what its request was, without keeping the request. */
export interface IdempotencyKey {
  readonly key: string;
  readonly fingerprint: string;
}

/**
 * @param body the request's own text
 * @throws Fault `invalid_request` for anything but 1 to 256 printable characters
 */
export function readIdempotencyKey(request: Request, body: string): IdempotencyKey | undefined {
  const key = request.headers.get("idempotency-key");
  if (key === null) return undefined;
  if (!/^[\x21-\x7e]+$/.test(key) || key.length > NAME_CHARS) {
    const message = `Idempotency-Key takes 1 to ${NAME_CHARS} printable characters without spaces.`;
    throw new Fault("invalid_request", message, { param: "idempotency-key" });
  }
  const path = pathOf(request);
  return { key, fingerprint: createHash("sha256").update(`${path}\n${body}`).digest("hex") };
}
