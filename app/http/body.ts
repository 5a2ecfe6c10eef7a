/** Request bodies: JSON, counted byte by byte, since neither runtime's own limit fits. */

import { BODY_READ_MS } from "../core/bounds.ts";
import { isObject } from "../core/chunk.ts";
import { Fault } from "../core/fault.ts";

type Body = ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>;

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
  if (request.body === null) return "";
  const reader = request.body.getReader();
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    drop(reader);
  }, limitMs);
  try {
    const text = await readAll(reader, maxBytes);
    if (!isLate) return text;
  } finally {
    clearTimeout(timer);
  }
  throw new Fault("invalid_request", `The body did not come whole within ${limitMs} ms.`);
}

async function readAll(reader: Body, maxBytes: number): Promise<string> {
  const utf8 = new TextDecoder("utf-8", { fatal: true });
  let text = "";
  let bytes = 0;
  for (;;) {
    const { done, value } = await read(reader);
    bytes += value?.length ?? 0;
    if (bytes > maxBytes) {
      drop(reader);
      throw tooLarge(maxBytes);
    }
    try {
      text += utf8.decode(value, { stream: !done });
    } catch {
      throw new Fault("invalid_request", "The body is not valid UTF-8.");
    }
    if (done) return text;
  }
}

async function read(reader: Body) {
  try {
    return await reader.read();
  } catch (cause) {
    throw new Fault("invalid_request", "The body broke off.", { cause });
  }
}

/** Ends a body whose rest nobody reads; that it may be broken already is no news. */
function drop(reader: Body): void {
  reader.cancel().catch(() => {});
}

function tooLarge(maxBytes: number): Fault {
  return new Fault("body_too_large", `The body has more than ${maxBytes} bytes.`);
}
