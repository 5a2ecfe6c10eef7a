/** Request bodies: JSON, counted byte by byte, since neither runtime's own limit fits. */

import { isObject } from "../core/chunk.ts";
import { Fault } from "../core/fault.ts";

/**
 * Reads a JSON object.
 * @param maxBytes the bound on the body, with or without a content-length
 * @returns the object and the text it came from
 * @throws Fault `unsupported_media_type`, `body_too_large`, `invalid_request`
 */
export async function readJson(
  request: Request,
  maxBytes: number,
): Promise<{ readonly text: string; readonly json: Record<string, unknown> }> {
  const type = request.headers.get("content-type") ?? "";
  if (!/^application\/(json|[\w.-]+\+json)\s*(;|$)/i.test(type)) {
    throw new Fault("unsupported_media_type", "Send the body as application/json.");
  }
  if (Number(request.headers.get("content-length") ?? 0) > maxBytes) throw tooLarge(maxBytes);
  const text = await readText(request, maxBytes);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new Fault("invalid_request", "The body is not valid JSON.");
  }
  if (!isObject(json)) throw new Fault("invalid_request", "The body must be a JSON object.");
  return { text, json };
}

async function readText(request: Request, maxBytes: number): Promise<string> {
  if (request.body === null) return "";
  const utf8 = new TextDecoder("utf-8", { fatal: true });
  const reader = request.body.getReader();
  let text = "";
  let bytes = 0;
  for (;;) {
    const { done, value } = await read(reader);
    bytes += value?.length ?? 0;
    if (bytes > maxBytes) {
      reader.cancel().catch(() => {});
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

async function read(reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>) {
  try {
    return await reader.read();
  } catch (cause) {
    throw new Fault("invalid_request", "The body broke off.", { cause });
  }
}

function tooLarge(maxBytes: number): Fault {
  return new Fault("body_too_large", `The body has more than ${maxBytes} bytes.`);
}
