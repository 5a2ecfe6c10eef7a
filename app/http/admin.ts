/** The admin listener: probes and metrics, on a port of its own that nothing outside reaches. */

import { Elysia } from "elysia";
import type { Metrics } from "../telemetry/metrics.ts";

/** @param isReady false from the first moment of a drain on */
export function createAdmin(metrics: Metrics, isReady: () => boolean) {
  return new Elysia({ handler: { standardHostname: false } })
    .get("/livez", () => "ok\n")
    .get("/readyz", ({ set }) => {
      if (isReady()) return "ok\n";
      set.status = 503;
      return "draining\n";
    })
    .get("/metrics", async ({ set }) => {
      const { text, type } = await metrics.expose();
      set.headers["content-type"] = type;
      return text;
    });
}
