/** What scripts/keys takes on its command line. */

import { parseArgs } from "node:util";

export const USAGE = `usage: scripts/keys create --file F --id ID [--plan P] [--models a,b] [--expires ISO] [--not-before ISO]
       scripts/keys rotate --file F --id ID [--overlap 7d|ISO] [--expires ISO]
       scripts/keys revoke --file F --id ID [--digest PREFIX]
       scripts/keys list --file F
       scripts/keys verify [--file F] [--key-file K]

create   adds a key and prints its secret, once; the file gets a digest only, and is made if missing
rotate   adds a second secret to a key; the ones before it end after the overlap (7d)
revoke   takes a key out, or only the secret whose digest starts with PREFIX
list     prints every digest with its key, plan, models, dates and state
verify   reads a secret from --key-file or stdin, never from the command line; says whether form and
         checksum are right and, with --file, whose it is and until when

Durations are a number with s, m, h or d; dates are ISO 8601. A server reads the file again by itself.`;

const OPTIONS = {
  file: { type: "string" },
  id: { type: "string" },
  plan: { type: "string" },
  models: { type: "string" },
  expires: { type: "string" },
  "not-before": { type: "string" },
  overlap: { type: "string" },
  digest: { type: "string" },
  "key-file": { type: "string" },
  help: { type: "boolean", short: "h" },
} as const;

/** The options that each command takes; any other one with it is a mistake, not something to ignore. */
export const TAKES: Record<string, readonly string[]> = {
  create: ["file", "id", "plan", "models", "expires", "not-before"],
  rotate: ["file", "id", "overlap", "expires"],
  revoke: ["file", "id", "digest"],
  list: ["file"],
  verify: ["file", "key-file"],
};

export type Options = ReturnType<typeof parse>["values"];

/** A command line that says something else than USAGE. */
export class UsageError extends Error {}

/** Takes the command line apart. */
export function parse(args: string[]) {
  try {
    return parseArgs({ args, options: OPTIONS, allowPositionals: true });
  } catch (error) {
    // Bun's message repeats an unknown argument, which may be a secret that was pasted by mistake.
    throw new UsageError("An option is unknown, or lacks its value.", { cause: error });
  }
}

export function required(options: Options, name: "file" | "id"): string {
  const value = options[name];
  if (!value) throw new UsageError(`--${name} is missing.`);
  return value;
}
