/** Deadlines around the server fit those inside it, read from the server's own configuration. */

import { readEnvironment } from "./environment.ts";
import type { KubeObject } from "./kinds.ts";
import { all, one, server } from "./objects.ts";
import { everywhere, hold, type Policy, unless } from "./policy.ts";
import type { Tree } from "./tree.ts";

/** Between the last stream's fault event and the kernel's SIGKILL. */
const EXIT_MARGIN_MS = 10_000;

/** The shortest silence that load balancers on the way cut at, when nobody set them: 60 s (facts, 31). */
const SHORTEST_IDLE_MS = 60_000;

const NGINX = "nginx.ingress.kubernetes.io/";

/** Every set of objects with what the server makes of its environment. */
function withConfig(
  check: (objects: KubeObject[], heartbeatMs: number, drainMs: number) => string[],
): Policy {
  return (tree: Tree) =>
    everywhere((objects) => {
      const { config } = readEnvironment(objects, tree.dockerfile);
      if (config === undefined) return ["the environment is not valid"];
      return check(objects, config.deadlines.heartbeatMs, config.deadlines.drainMs);
    })(tree);
}

hold(
  "the grace period is preStop, drain and margin",
  withConfig((objects, _, drainMs) => {
    const graceMs =
      (one(objects, "Deployment").spec.template.spec.terminationGracePeriodSeconds ?? 30) * 1000;
    const preStopMs = (server(objects).lifecycle?.preStop?.sleep?.seconds ?? 0) * 1000;
    return unless({
      "preStop covers the spread of an endpoint's removal": preStopMs >= 5000,
      [`${graceMs} ms is ${preStopMs} + ${drainMs} + ${EXIT_MARGIN_MS}`]:
        graceMs === preStopMs + drainMs + EXIT_MARGIN_MS,
    });
  }),
  {
    "the drain is longer": ({ overlays }) => {
      one(overlays.dev, "Deployment").spec.template.spec.terminationGracePeriodSeconds = 60;
    },
    "the grace period is Kubernetes' own": ({ overlays }) => {
      delete one(overlays.production, "Deployment").spec.template.spec
        .terminationGracePeriodSeconds;
    },
    "the server drains longer than it is told here": ({ overlays }) => {
      const map = all(overlays.production, "ConfigMap").find(
        ({ data }) => data?.["KEYS_FILE"] !== undefined,
      );
      map!.data!["DRAIN_MS"] = "600000";
    },
    "SIGTERM comes at once": ({ overlays }) => {
      delete server(overlays.staging).lifecycle;
    },
  },
);

hold(
  "a rollout never takes a pod away before another is ready",
  everywhere((objects) => {
    const { rollingUpdate } = one(objects, "Deployment").spec.strategy ?? {};
    return unless({
      "none is unavailable": rollingUpdate?.maxUnavailable === 0,
      "one comes at a time": rollingUpdate?.maxSurge === 1,
      "a drain of a node takes one": one(objects, "PodDisruptionBudget").spec.maxUnavailable === 1,
      "readiness, liveness and start are apart":
        new Set(Object.values(probePaths(objects))).size === 2,
      "liveness never asks what readiness asks": probePaths(objects).liveness === "/livez",
    });
  }),
  {
    "a pod may be missing": ({ overlays }) => {
      one(overlays.production, "Deployment").spec.strategy!.rollingUpdate!.maxUnavailable = 1;
    },
    "the budget lets every pod go": ({ overlays }) => {
      one(overlays.production, "PodDisruptionBudget").spec.maxUnavailable = 2;
    },
    "a draining pod is not alive": ({ overlays }) => {
      server(overlays.dev).livenessProbe!.httpGet!.path = "/readyz";
    },
  },
);

hold(
  "heartbeats come well before anything on the way takes silence for an end",
  withConfig((objects, heartbeatMs) => {
    const route = all(objects, "HTTPRoute").flatMap(({ spec }) => spec.rules);
    const idleMs = all(objects, "BackendTrafficPolicy").map(({ spec }) =>
      toMs(spec.timeout?.http?.streamIdleTimeout),
    );
    const nginxMs = all(objects, "Ingress").flatMap(({ metadata }) =>
      ["proxy-read-timeout", "proxy-send-timeout"].map(
        (name) => Number(metadata.annotations?.[NGINX + name] ?? 60) * 1000,
      ),
    );
    return unless({
      "two heartbeats fit into any idle limit": [SHORTEST_IDLE_MS, ...idleMs, ...nginxMs].every(
        (limit) => 2 * heartbeatMs <= limit,
      ),
      "a route has no deadline for a whole response": route.every(
        ({ timeouts }) => timeouts?.request === "0s" && timeouts.backendRequest === "0s",
      ),
      "nginx buffers nothing": all(objects, "Ingress").every(
        ({ metadata }) => metadata.annotations?.[`${NGINX}proxy-buffering`] === "off",
      ),
      "nginx asks no second server": all(objects, "Ingress").every(
        ({ metadata }) => metadata.annotations?.[`${NGINX}proxy-next-upstream`] === "off",
      ),
    });
  }),
  {
    "heartbeats are rarer": ({ overlays }) => {
      const map = all(overlays.staging, "ConfigMap").find(
        ({ data }) => data?.["KEYS_FILE"] !== undefined,
      );
      map!.data!["HEARTBEAT_MS"] = "45000";
    },
    "the gateway is more impatient": ({ overlays }) => {
      one(overlays.production, "BackendTrafficPolicy").spec.timeout!.http!.streamIdleTimeout =
        "20s";
    },
    "the route has the default deadline": ({ overlays }) => {
      delete one(overlays.production, "HTTPRoute").spec.rules[0]!.timeouts;
    },
    "nginx reads with a short deadline": ({ everything }) => {
      one(everything, "Ingress").metadata.annotations![`${NGINX}proxy-read-timeout`] = "15";
    },
    "nginx buffers": ({ everything }) => {
      delete one(everything, "Ingress").metadata.annotations![`${NGINX}proxy-buffering`];
    },
    "nginx asks again": ({ everything }) => {
      delete one(everything, "Ingress").metadata.annotations![`${NGINX}proxy-next-upstream`];
    },
  },
);

function probePaths(objects: readonly KubeObject[]): {
  readiness: string | undefined;
  liveness: string | undefined;
} {
  const { readinessProbe, livenessProbe } = server(objects);
  return { readiness: readinessProbe?.httpGet?.path, liveness: livenessProbe?.httpGet?.path };
}

/** Gateway API's durations, as far as whole seconds; what cannot be read counts as no time at all. */
function toMs(duration: string | undefined): number {
  return Number(/^(\d+)s$/.exec(duration ?? "")?.[1] ?? 0) * 1000;
}
