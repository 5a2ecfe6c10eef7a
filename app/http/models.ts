/** `GET /v1/models`: upstream's list, less what the principal may not use. */

import { allowsModel } from "../core/api-key.ts";
import { isObject } from "../core/chunk.ts";
import { Fault, failure } from "../core/fault.ts";
import { readBounded } from "../upstream/read-bounded.ts";
import type { Call, Parts } from "./call.ts";

export function createModels(parts: Parts) {
  const { config, transport } = parts;
  return async ({ request, principal, set }: Call): Promise<string> => {
    const signal = AbortSignal.any([
      request.signal,
      AbortSignal.timeout(config.deadlines.firstEventMs),
    ]);
    const ask = { method: "GET", path: "/v1/models", body: undefined, isStream: false } as const;
    const opened = await transport(ask, signal);
    if ("failure" in opened)
      throw signal.aborted ? timedOut(config.deadlines.firstEventMs) : opened.failure.fault;
    opened.report(true);
    const list = parse(await readBounded(opened.response, config.bounds.maxEventBytes));
    const data = list["data"];
    if (!Array.isArray(data))
      throw new Fault("upstream_failed", "Upstream's list of models is none.");
    const allowed = data.filter(
      (model) => isObject(model) && allowsModel(principal.models, String(model["id"])),
    );
    Object.assign(set.headers, { "content-type": "application/json", "cache-control": "no-store" });
    return JSON.stringify({ ...list, data: allowed });
  };
}

function parse(text: string): Record<string, unknown> {
  try {
    const list: unknown = JSON.parse(text);
    if (isObject(list)) return list;
  } catch {
    // Told below, like any other answer that is not a list.
  }
  throw new Fault("upstream_failed", "Upstream's list of models is no JSON.");
}

function timedOut(ms: number): Fault {
  return failure("first_event_timeout", `Upstream sent nothing for ${ms} ms.`).fault;
}
