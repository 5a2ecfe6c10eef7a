/** The SSE standard (WHATWG HTML, 9.2.6) in its plainest form: what our streams are measured against. */

/** One block between blank lines. `data` is empty where the block has none; `events` drops those. */
export interface SseBlock {
  readonly id?: string;
  readonly event?: string;
  readonly data: string;
  readonly retry?: number;
  readonly comment?: string;
  /** Whether the block has a `data` line, and so is an event. */
  readonly isEvent: boolean;
}

/** Every block of a stream, events or not; a block without its blank line is dropped, as browsers do. */
export function parseSse(input: Uint8Array | string): SseBlock[] {
  // Decoding drops the byte order mark, as the standard demands.
  const text =
    typeof input === "string" ? input.replace(/^\uFEFF/, "") : new TextDecoder().decode(input);
  const lines = text.split(/\r\n|\n|\r/);
  const blocks: SseBlock[] = [];
  let fields: [name: string, value: string][] = [];
  // What follows the last line end is an unfinished line.
  for (const line of lines.slice(0, -1)) {
    if (line !== "") fields.push(parseLine(line));
    else if (fields.length > 0) {
      blocks.push(toBlock(fields));
      fields = [];
    }
  }
  return blocks;
}

/** Those blocks alone that a client is told of. */
export function parseEvents(input: Uint8Array | string): SseBlock[] {
  return parseSse(input).filter((block) => block.isEvent);
}

function parseLine(line: string): [string, string] {
  const colon = line.indexOf(":");
  if (colon < 0) return [line, ""];
  return [line.slice(0, colon), line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1)];
}

function toBlock(fields: readonly [string, string][]): SseBlock {
  const valuesOf = (name: string) =>
    fields.filter((field) => field[0] === name).map((field) => field[1]);
  const id = valuesOf("id").at(-1);
  const event = valuesOf("event").at(-1);
  const retry = valuesOf("retry").at(-1);
  const comment = valuesOf("").at(-1);
  const data = valuesOf("data");
  return {
    ...(id === undefined ? {} : { id }),
    ...(event === undefined ? {} : { event }),
    ...(retry === undefined || !/^\d+$/.test(retry) ? {} : { retry: Number(retry) }),
    ...(comment === undefined ? {} : { comment }),
    data: data.join("\n"),
    isEvent: data.length > 0,
  };
}
