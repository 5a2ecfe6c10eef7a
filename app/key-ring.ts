/** The client keys in force: replaced whole, by a file that was found valid. */

import type { Keys, KeyGrant } from "./core/keys-file.ts";

/** The keys as they are now. */
export interface KeyRing {
  find(digest: string): KeyGrant | undefined;
  current(): Keys;
  replace(keys: Keys): void;
}

export function createKeyRing(initial: Keys): KeyRing {
  let keys = initial;
  return {
    find: (digest) => keys.grants.get(digest),
    current: () => keys,
    replace(next) {
      keys = next;
    },
  };
}
