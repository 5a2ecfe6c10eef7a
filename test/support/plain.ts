/** Both ways to tell what need not be parsed: each runtime's entry takes one of them. */

import { createPlainByBytes, isPlainByText, type IsPlain } from "../../app/core/plain.ts";

export const PLAIN_TESTS: [name: string, isPlain: IsPlain][] = [
  ["text", isPlainByText],
  [
    "bytes",
    createPlainByBytes((bytes, word, from) => Buffer.prototype.indexOf.call(bytes, word, from)),
  ],
];
