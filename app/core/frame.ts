/** Events that are together in one piece of memory, and parts of them. */

/** Whole events, back to back: `bytes` begins with them, `ends[i]` is the offset behind event i. */
export interface Frame {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly ends: readonly number[];
}

/** Some consecutive events of a frame: those at `from` up to, without it, `to`. */
export interface Stretch extends Frame {
  readonly from: number;
  readonly to: number;
  /** Seq of the first of them. */
  readonly seq: number;
}

/** The offset at which an event begins, or behind the last one its end. */
export function startOf({ ends }: Pick<Frame, "ends">, event: number): number {
  return event === 0 ? 0 : (ends[event - 1] as number);
}

/** The bytes of some events, without copying them. */
export function bytesOf(some: Omit<Stretch, "seq">): Uint8Array<ArrayBuffer> {
  const { bytes } = some;
  const start = startOf(some, some.from);
  const end = startOf(some, some.to);
  return start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end);
}

/** The first events of a frame, without copying them. */
export function head(frame: Frame, events: number): Frame {
  if (events === frame.ends.length) return frame;
  const ends = frame.ends.slice(0, events);
  return { bytes: frame.bytes.subarray(0, ends.at(-1)), ends };
}

/** Joins byte arrays whose lengths add up to `size`. */
export function concat(parts: readonly Uint8Array[], size: number): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(size);
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}
