/** Request bodies: JSON, counted byte by byte, since neither runtime's own limit fits. */

import { BODY_READ_MS } from "../core/bounds.ts";
import { isObject } from "../core/chunk.ts";
import { concat } from "../core/frame.ts";
import { Fault } from "../core/fault.ts";
import { type Body, drop } from "../upstream/body.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * Reads a JSON object.
 * @param maxBytes the bound on the body, with or without a content-length
 * @param limitMs the bound on the time that it may take
 * @returns the object and the text it came from
 * @throws Fault `unsupported_media_type`, `body_too_large`, `invalid_request`
 */
export async function readJson(
  request: Request,
  maxBytes: number,
  limitMs = BODY_READ_MS,
): Promise<{ readonly text: string; readonly json: Record<string, unknown> }> {
  const type = request.headers.get("content-type") ?? "";
  if (!/^application\/(json|[\w.-]+\+json)\s*(;|$)/i.test(type)) {
    throw new Fault("unsupported_media_type", "Send the body as application/json.");
  }
  if (Number(request.headers.get("content-length") ?? 0) > maxBytes) throw tooLarge(maxBytes);
  const text = await readText(request, maxBytes, limitMs);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new Fault("invalid_request", "The body is not valid JSON.");
  }
  if (!isObject(json)) throw new Fault("invalid_request", "The body must be a JSON object.");
  return { text, json };
}

async function readText(request: Request, maxBytes: number, limitMs: number): Promise<string> {
  const { headers } = request;
  // HTTP holds a body to its length, so one that is short enough can be read by the runtime itself.
  const isMeasured = headers.has("content-length") && !headers.has("transfer-encoding");
  const reading = isMeasured ? readMeasured(request) : readCounted(request, maxBytes);
  const late = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => late.resolve(undefined), limitMs);
  const text = await Promise.race([reading.text, late.promise]).finally(() => clearTimeout(timer));
  if (text !== undefined) return text;
  reading.text.catch(() => {});
  reading.drop();
  throw new Fault("invalid_request", `The body did not come whole within ${limitMs} ms.`);
}

/** A text on its way, and how to do without it. */
interface TextReading {
  readonly text: Promise<string>;
  readonly drop: () => void;
}

function readMeasured(request: Request): TextReading {
  // What is left of it may still come, but no more than its length says.
  return { text: request.arrayBuffer().then(decode, brokenOff), drop() {} };
}

function readCounted(request: Request, maxBytes: number): TextReading {
  if (request.body === null) return { text: Promise.resolve(""), drop() {} };
  const reader = request.body.getReader();
  return { text: readAll(reader, maxBytes), drop: () => drop(reader) };
}

async function readAll(reader: Body, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read().catch(brokenOff);
    if (done) return decode(concat(chunks, bytes).buffer);
    bytes += value.length;
    if (bytes > maxBytes) {
      drop(reader);
      throw tooLarge(maxBytes);
    }
    chunks.push(value);
  }
}

function decode(bytes: ArrayBuffer): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new Fault("invalid_request", "The body is not valid UTF-8.");
  }
}

function brokenOff(cause: unknown): never {
  throw new Fault("invalid_request", "The body broke off.", { cause });
}

function tooLarge(maxBytes: number): Fault {
  return new Fault("body_too_large", `The body has more than ${maxBytes} bytes.`);
}
