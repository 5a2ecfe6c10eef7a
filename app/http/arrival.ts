/** The first look at a request, before anything is read or counted. */

import { Fault } from "../core/fault.ts";
import type { Call, Parts } from "./call.ts";
import { isResume } from "./identify.ts";

/** Query names that carry credentials somewhere; no route here takes one of them. */
const CREDENTIAL_NAMES =
  /^(access[_-]?token|api[_-]?key|key|token|bearer|authorization|auth|secret|password)$/i;

const REQUEST_ID = /^[0-9A-Za-z_-]{8,64}$/;

/** Makes the hook that names the request and refuses what no route may see. */
export function createArrival(parts: Parts) {
  return ({ request, set }: Pick<Call, "request" | "set">): void => {
    const given = request.headers.get("x-request-id") ?? "";
    set.headers["x-request-id"] = REQUEST_ID.test(given) ? given : parts.newId();
    if (parts.config.upstream.kind === "simulated") set.headers["x-upstream"] = "simulated";
    if (request.method === "OPTIONS") return;
    const query = request.url.includes("?") ? new URL(request.url).searchParams : [];
    for (const [name, value] of query) {
      if (!CREDENTIAL_NAMES.test(name) && !/^(Bearer\s+)?ms_[0-9a-z]{39}$/.test(value)) continue;
      throw new Fault(
        "credentials_in_url",
        "Credentials do not belong in a URL, where logs and histories keep them. " +
          "Send the header authorization: Bearer instead, and consider this key leaked.",
      );
    }
    // Elysia would run the GET handler for it, and a HEAD would cost a whole completion (facts, 8).
    if (request.method === "HEAD")
      throw new Fault("method_not_allowed", "HEAD is not answered here; use GET.");
    if (parts.isDraining() && !isResume(request)) {
      const headers = { "retry-after": "1" };
      throw new Fault("draining", "This server is shutting down; ask again.", { headers });
    }
  };
}
