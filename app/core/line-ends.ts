/** One kind of line end out of the three that the format allows. */

const LF = 10;
const CR = 13;

/**
 * Turns CRLF and CR into LF and drops a byte order mark. A CR counts at once: the LF that may
 * follow in the next read is swallowed there, so that no event waits for a byte that may not come.
 */
export function createLineEnds(): (chunk: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer> {
  let bomBytesSeen = 0;
  let afterCr = false;
  const bom = [0xef, 0xbb, 0xbf];
  return (chunk) => {
    let input = chunk;
    while (bomBytesSeen < bom.length && input.length > 0) {
      if (input[0] !== bom[bomBytesSeen]) {
        bomBytesSeen = bom.length;
        break;
      }
      input = input.subarray(1);
      bomBytesSeen += 1;
    }
    // JSON never holds a bare CR, so one look settles it for every upstream that ends lines in LF.
    if (!afterCr && input.indexOf(CR) < 0) return input;
    const out = new Uint8Array(input.length);
    let size = 0;
    for (const byte of input) {
      if (!(afterCr && byte === LF)) out[size++] = byte === CR ? LF : byte;
      afterCr = byte === CR;
    }
    return out.subarray(0, size);
  };
}
