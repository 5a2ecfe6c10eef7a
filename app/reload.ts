/** Files that may change while the process runs: mounted secrets and the keys file. */

import { RELOAD_POLL_MS } from "./core/bounds.ts";

/** A watch that can be ended. */
export interface Watch {
  stop(): void;
}

/**
 * Reads a file at intervals and tells its new text. Reading beats watching: Kubernetes swaps a link
 * above the file, which file watchers on either runtime miss, and the files are small.
 * @param known the text that is in force already
 */
export function watchFile(
  path: string,
  known: string,
  read: (path: string) => string,
  onChange: (text: string) => void,
  onFault: (cause: unknown) => void,
): Watch {
  let last: string | undefined = known;
  const look = () => {
    try {
      const text = read(path);
      if (text === last) return;
      last = text;
      onChange(text);
    } catch (cause) {
      // Told once, not every second; the next good read is a change again.
      if (last !== undefined) onFault(cause);
      last = undefined;
    }
  };
  const timer = setInterval(look, RELOAD_POLL_MS);
  return { stop: () => clearInterval(timer) };
}
