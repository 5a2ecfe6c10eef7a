/** Whatever is thrown, as the one JSON shape with its status. */

import { SLOT_RETRY_SECONDS } from "../core/bounds.ts";
import { Fault, toErrorBody, toFault } from "../core/fault.ts";
import { type Call, type Parts, requestIdOf } from "./call.ts";
import { SSE_HEADERS } from "./sse.ts";

/** What Elysia hands to its error hook. */
interface Thrown extends Pick<Call, "request" | "set"> {
  readonly code: unknown;
  readonly error: unknown;
}

/** A path as it is routed, with its parameters by name. */
export interface Route {
  readonly method: string;
  readonly path: string;
}

/** @param routesAt the routes of a path, or none where there is no such path */
export function createOnError(parts: Parts, routesAt: (path: string) => readonly Route[]) {
  return ({ code, error, request, set }: Thrown): string => {
    const routes = routesAt(new URL(request.url).pathname);
    const methods = routes.map(({ method }) => method);
    const fault = code === "NOT_FOUND" ? notFound(request.method, methods) : toFault(error);
    const requestId = requestIdOf(set);
    parts.metrics.refused(fault.code);
    tell(parts, fault, {
      requestId,
      method: request.method,
      // The pattern, since a path may hold whatever a client mistook for one.
      route: routes[0]?.path ?? "unknown",
      code: fault.code,
      status: fault.status,
    });
    // An endpoint that failed may have set these for the stream that it did not become.
    for (const name of [...Object.keys(SSE_HEADERS), "stream-id"]) delete set.headers[name];
    Object.assign(set.headers, {
      "content-type": "application/json; charset=utf-8",
      "cache-control": "no-store",
      ...(fault.status === 401 ? { "www-authenticate": 'Bearer realm="mistral-stream"' } : {}),
      ...(fault.code === "method_not_allowed" ? { allow: [...methods, "OPTIONS"].join(", ") } : {}),
      ...(isForLater(fault) ? { "retry-after": String(SLOT_RETRY_SECONDS) } : {}),
      ...fault.headers,
    });
    set.status = fault.status;
    return JSON.stringify(toErrorBody(fault, requestId));
  };
}

/** Whether the same request may pass later, so that the client must be told when. */
function isForLater({ status, retryable }: Fault): boolean {
  return retryable && (status === 429 || status === 503);
}

function notFound(method: string, methods: readonly string[]): Fault {
  if (methods.length === 0)
    return new Fault("not_found", "There is no such path here; the README lists them.");
  return new Fault(
    "method_not_allowed",
    `${method} is not answered here; use ${methods.join(" or ")}.`,
  );
}

function tell(parts: Parts, fault: Fault, fields: Record<string, string | number>): void {
  if (fault.code !== "internal") {
    parts.log.info("refused", fields);
    return;
  }
  const cause = fault.cause instanceof Error ? fault.cause : new Error(String(fault.cause));
  parts.log.error("failed", { ...fields, detail: cause.message, stack: cause.stack ?? "" });
}
