/** Bytes, frames and chunks as tests write them. */

import { createSplitter } from "../../app/core/event.ts";
import type { Frame } from "../../app/core/frame.ts";

const utf8 = new TextEncoder();

/** A text as bytes. */
export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return utf8.encode(text);
}

/** A frame of events with these data, one line each. */
export function frameOf(...data: readonly string[]): Frame {
  const [frame] = createSplitter(2 ** 30).push(
    bytesOf(data.map((one) => `data: ${one}\n\n`).join("")),
  );
  if (frame === undefined) throw new Error("A frame has one event at least.");
  return frame;
}

/** The events of a frame as texts. */
export function textsOf(frame: Frame): string[] {
  let start = 0;
  return frame.ends.map((end) => {
    const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(
      frame.bytes.subarray(start, end),
    );
    start = end;
    return text;
  });
}

/** A chunk of Mistral's as JSON. */
export function chunkOf(
  content: unknown,
  finishReason: string | null = null,
  more: Record<string, unknown> = {},
  index = 0,
): string {
  return JSON.stringify({
    id: "c",
    object: "chat.completion.chunk",
    created: 1769088720,
    model: "mistral-small-latest",
    choices: [{ index, delta: { content }, finish_reason: finishReason }],
    ...more,
  });
}

/** Upstream's usage, as it comes in the last chunk. */
export const USAGE = { prompt_tokens: 5, completion_tokens: 3, total_tokens: 8 };
