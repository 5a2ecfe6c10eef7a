/** Secrets of keys and the dates they hold for. */

import { createHash, randomBytes } from "node:crypto";
import { formatKey } from "../../app/core/api-key.ts";
import type { KeysFile } from "../../app/core/keys-file.ts";

/** One secret as the file knows it. */
export type DigestEntry = KeysFile["keys"][number]["digests"][number];

/** The random part of a key, 160 bits: beyond guessing, and short enough to paste. */
const SECRET_BYTES = 20;

const UNIT_MS: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** What the keys file holds of a key: its lower-case hex SHA-256. */
export function digestOf(key: string): string {
  return createHash("sha256").update(key).digest("hex");
}

export function makeKey(): { readonly key: string; readonly digest: string } {
  const key = formatKey(randomBytes(SECRET_BYTES));
  return { key, digest: digestOf(key) };
}

/** The end of an overlap as an ISO date, from a duration such as 7d or a date; undefined if it is neither. */
export function until(text: string, nowMs: number): string | undefined {
  const [, count, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (unit !== undefined)
    return new Date(nowMs + Number(count) * (UNIT_MS[unit] ?? 0)).toISOString();
  const dateMs = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(dateMs) ? undefined : new Date(dateMs).toISOString();
}
