/** Upstream's API keys: asked in turn; one that met 401 or 429 is asked last, never locked out. */

/** How long a key's trouble is remembered: upstream's rate windows are a minute long. */
const TROUBLE_MS = 60_000;

/** Takes keys from wherever they are now, so that a changed secret counts from the next request on. */
export interface KeyPool {
  /** The key to ask with, or undefined where upstream wants none. */
  next(): string | undefined;
  /** Remembers that upstream refused this key. */
  trouble(key: string): void;
  /** Whether there is a key without trouble. */
  hasFresh(): boolean;
  /** Whether there is another key at all. */
  hasOther(): boolean;
}

/** @param read the keys as they are configured now, in order */
export function createKeyPool(read: () => readonly string[], clock: () => number): KeyPool {
  const troubles = new Map<string, number>();
  let turn = 0;
  const since = (key: string) => {
    const at = troubles.get(key);
    return at === undefined || clock() - at >= TROUBLE_MS ? undefined : at;
  };
  return {
    next() {
      const keys = read();
      const fresh = keys.filter((key) => since(key) === undefined);
      if (fresh.length > 0) return fresh[turn++ % fresh.length];
      return keys.toSorted((a, b) => (since(a) ?? 0) - (since(b) ?? 0))[0];
    },
    trouble(key) {
      const keys = read();
      for (const old of troubles.keys()) if (!keys.includes(old)) troubles.delete(old);
      troubles.set(key, clock());
    },
    hasOther: () => read().length > 1,
    hasFresh: () => read().some((key) => since(key) === undefined),
  };
}
