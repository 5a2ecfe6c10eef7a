/** The end of a process: open streams finish, and those that do not are told. */

/** How often a drain looks whether it is over. */
const LOOK_MS = 50;

/** Time for the last bytes of a stream that was cut to leave the process. */
const FLUSH_MS = 2000;

/**
 * Waits until nothing is open.
 * @param parts.limitMs after which what is still open is cut
 * @param parts.cutting resolves when somebody does not want to wait that long
 */
export async function drain(parts: {
  readonly isEmpty: () => boolean;
  readonly cut: () => Promise<void>;
  readonly limitMs: number;
  readonly cutting: Promise<void>;
}): Promise<void> {
  let isCut = false;
  parts.cutting.then(() => {
    isCut = true;
  });
  await wait(parts.limitMs, () => isCut || parts.isEmpty());
  if (parts.isEmpty()) return;
  await parts.cut();
  await wait(FLUSH_MS, parts.isEmpty);
}

async function wait(limitMs: number, isOver: () => boolean): Promise<void> {
  for (let leftMs = limitMs; leftMs > 0 && !isOver(); leftMs -= LOOK_MS) {
    await new Promise((resolve) => setTimeout(resolve, Math.min(LOOK_MS, leftMs)));
  }
}
