/** `GET /v1/usage`: what the plan allows, and what is used of it. */

import type { Call, Parts } from "./call.ts";

export function createUsage({ admission }: Parts) {
  return async ({ principal, set }: Call): Promise<Record<string, unknown>> => {
    set.headers["cache-control"] = "no-store";
    return admission.usage(principal);
  };
}
