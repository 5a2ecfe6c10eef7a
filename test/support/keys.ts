/** The keys that tests ask with. */

import { createHash } from "node:crypto";

export const KEY = "ms_test_web";
export const OTHER_KEY = "ms_test_other";
export const EXPIRED_KEY = "ms_test_expired";
export const FUTURE_KEY = "ms_test_future";

const PLENTY = 1_000_000_000;

export interface KeysOptions {
  /** What differs from a plan that limits nothing. */
  readonly plan?: Readonly<Record<string, number>>;
  /** What differs from addresses that are not limited. */
  readonly ip?: Readonly<Record<string, number>>;
}

export function digestOf(key: string): string {
  return createHash("sha256").update(key).digest("hex");
}

/** A keys file with a key for every case; only `web` has a list of models. */
export function createKeysFile({ plan = {}, ip = {} }: KeysOptions = {}) {
  const wide = {
    requestsPerMinute: PLENTY,
    burst: PLENTY,
    concurrentStreams: 2000,
    tokensPerDay: PLENTY,
    maxOutputTokens: 4096,
  };
  const key = (id: string, secret: string, dates: object = {}) => ({
    id,
    plan: "default",
    digests: [{ sha256: digestOf(secret), notBefore: null, expiresAt: null, ...dates }],
  });
  return {
    plans: { default: { ...wide, ...plan } },
    ip: {
      requestsPerMinute: PLENTY,
      burst: PLENTY,
      concurrentStreams: PLENTY,
      failedAuthPerMinute: PLENTY,
      ...ip,
    },
    keys: [
      { ...key("web", KEY), models: ["mistral-*", "magistral-*", "codestral-*"] },
      key("other", OTHER_KEY),
      key("expired", EXPIRED_KEY, { expiresAt: "2026-01-01T00:00:00Z" }),
      key("future", FUTURE_KEY, { notBefore: "2126-01-01T00:00:00Z" }),
    ],
  };
}
