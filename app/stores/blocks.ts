/**
 * The events of one log, in few large pieces of memory. Kept as it was read, each event would be five
 * objects of 600 bytes beside its own 250, for the collector to walk as long as the stream is remembered.
 */

import { BLOCK_BYTES, BLOCK_OVERHEAD_BYTES, EVENT_OVERHEAD_BYTES } from "../core/bounds.ts";
import type { Frame } from "../core/frame.ts";

/** The first block of a log: three or four events, as thousands of idle streams have them. */
const FIRST_BLOCK_BYTES = 1024;

/** Consecutive events, back to back; there may be room behind them. */
export interface Block {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Grows with each event; the last one is where the room begins. */
  readonly ends: number[];
}

/** Memory that a block takes, as it is counted against LOG_MAX_BYTES. */
export function sizeOf({ bytes, ends }: Block): number {
  return bytes.length + BLOCK_OVERHEAD_BYTES + EVENT_OVERHEAD_BYTES * ends.length;
}

export const usedOf = ({ ends }: Block): number => ends.at(-1) ?? 0;

/**
 * Appends a frame to the last block, or to a new one. Large frames are kept as they are; of the others
 * the read that they came in is not kept, which on Deno has 64 KiB for the few hundred bytes of an event.
 * @returns by how much what the blocks take has grown
 */
export function appendTo(blocks: Block[], frame: Frame): number {
  const { bytes, ends } = frame;
  if (bytes.length >= BLOCK_BYTES / 2) {
    const isTight = bytes.buffer.byteLength <= 2 * bytes.length;
    const own = { bytes: isTight ? bytes : bytes.slice(), ends: [...ends] };
    blocks.push(own);
    return sizeOf(own);
  }
  let block = blocks.at(-1);
  let grown = EVENT_OVERHEAD_BYTES * ends.length;
  if (block === undefined || block.bytes.length - usedOf(block) < bytes.length) {
    const wanted = Math.max(2 * (block?.bytes.length ?? 0), FIRST_BLOCK_BYTES, bytes.length);
    block = { bytes: new Uint8Array(Math.min(wanted, BLOCK_BYTES)), ends: [] };
    blocks.push(block);
    grown += sizeOf(block);
  }
  const used = usedOf(block);
  block.bytes.set(bytes, used);
  for (const end of ends) block.ends.push(used + end);
  return grown;
}

/**
 * Gives back the room behind the last block, to which nothing will be appended any more.
 * @returns how much that was
 */
export function tighten(blocks: Block[]): number {
  const last = blocks.at(-1);
  if (last === undefined || usedOf(last) === last.bytes.length) return 0;
  blocks[blocks.length - 1] = { bytes: last.bytes.slice(0, usedOf(last)), ends: last.ends };
  return last.bytes.length - usedOf(last);
}
