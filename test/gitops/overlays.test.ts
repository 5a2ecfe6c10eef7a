/** What is tried in one environment is what runs in the next: overlays differ where they must. */

import type { KubeObject } from "./kinds.ts";
import { one, server } from "./objects.ts";
import { hold } from "./policy.ts";

/** Differences that any two environments may have, as `Kind path`; `*` stands for anything. */
const MAY_DIFFER = [
  "* metadata.namespace",
  "Namespace metadata.name",
  "Deployment spec.template.spec.containers.0.image",
  "Deployment spec.template.spec.containers.0.envFrom.0.configMapRef.name",
  "HTTPRoute spec.hostnames.0",
  "ConfigMap data.keys.json",
];

/** What dev lacks of the others, because it needs nobody's secret and has no way in from outside. */
const DEV_MAY_LACK = [
  ...[
    "HorizontalPodAutoscaler",
    "HTTPRoute",
    "BackendTrafficPolicy",
    "ExternalSecret",
    "PodMonitor",
  ].map((kind) => `${kind} *`),
  "Deployment spec.replicas",
  "Deployment spec.template.spec.volumes.mistral-secrets*",
  "Deployment spec.template.spec.containers.0.volumeMounts.mistral-secrets*",
  "ConfigMap data.UPSTREAM",
  "ConfigMap data.PLAYGROUND",
  "ConfigMap data.MISTRAL_API_KEY_FILE",
  "ConfigMap data.TRUSTED_PROXIES",
];

const matches = (patterns: readonly string[], what: string) =>
  patterns.some((pattern) =>
    new RegExp(`^${pattern.replaceAll(".", "\\.").replaceAll("*", ".*")}$`).test(what),
  );

/** Every leaf of a value with its path; entries of a list that have a name go by it. */
function leaves(value: unknown, path = ""): [string, unknown][] {
  if (typeof value !== "object" || value === null) return [[path, value]];
  const entries = Array.isArray(value)
    ? value.map((item, i): [string, unknown] => [nameOf(item) ?? String(i), item])
    : Object.entries(value);
  return entries.flatMap(([key, item]) => leaves(item, path === "" ? key : `${path}.${key}`));
}

function nameOf(item: unknown): string | undefined {
  const named = item as { name?: unknown; mountPath?: unknown } | null;
  // A container's place is kept as a number: it is the only one.
  return typeof named?.name === "string" && !("image" in (named as object))
    ? named.name
    : undefined;
}

/** Leaves of a whole overlay by `Kind path`; a generated name's hash is left away. */
function flatten(objects: readonly KubeObject[]): Map<string, unknown> {
  return new Map(
    objects.flatMap((object) => {
      const name = object.metadata.name.replace(/^(mistral-stream-env)-.*/, "$1");
      const plain =
        object.kind === "ConfigMap"
          ? { ...object, metadata: { ...object.metadata, name } }
          : object;
      const id = object.kind === "Namespace" ? "" : `#${name}`;
      return leaves(plain).map(([path, leaf]): [string, unknown] => [
        `${object.kind}${id} ${path}`,
        leaf,
      ]);
    }),
  );
}

/** Every difference between two overlays that no pattern allows. */
function differences(
  a: readonly KubeObject[],
  b: readonly KubeObject[],
  allowed: readonly string[],
): string[] {
  const left = flatten(a);
  const right = flatten(b);
  const keys = [...new Set([...left.keys(), ...right.keys()])];
  return keys
    .filter((key) => left.get(key) !== right.get(key))
    .map((key) => key.replace(/#\S*/, ""))
    .filter((key) => !matches(allowed, key));
}

hold(
  "staging differs from production in namespace, host, image and client keys",
  ({ overlays }) => differences(overlays.staging, overlays.production, MAY_DIFFER),
  {
    "staging drains for less": ({ overlays }) => {
      one(overlays.staging, "Deployment").spec.template.spec.terminationGracePeriodSeconds = 30;
    },
    "production has a component more": ({ overlays }) => {
      overlays.production.push({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "more" } });
    },
    "production has a variable more": ({ overlays }) => {
      const map = overlays.production.find(({ metadata }) =>
        metadata.name.startsWith("mistral-stream-env-"),
      ) as { data?: Record<string, string> };
      map.data!["LOG_LEVEL"] = "debug";
    },
    "production has more memory": ({ overlays }) => {
      server(overlays.production).resources!.limits!["memory"] = "2Gi";
    },
  },
);

hold(
  "dev differs from staging in the simulation and in what leads in from outside, and nothing else",
  ({ overlays }) => differences(overlays.dev, overlays.staging, [...MAY_DIFFER, ...DEV_MAY_LACK]),
  {
    "dev has no network policy": ({ overlays }) => {
      overlays.dev = overlays.dev.filter(({ kind }) => kind !== "NetworkPolicy");
    },
    "dev has a drain of its own": ({ overlays }) => {
      server(overlays.dev).lifecycle = { preStop: { sleep: { seconds: 1 } } };
    },
    "dev mounts more": ({ overlays }) => {
      server(overlays.dev).volumeMounts!.push({ name: "scratch", mountPath: "/scratch" });
    },
    "dev is not restricted": ({ overlays }) => {
      one(overlays.dev, "Namespace").metadata.labels = {};
    },
  },
);
