/** Whatever points at something points at something that is there: a selector without pods is silent. */

import type { KubeObject, Selector } from "./kinds.ts";
import { all, one, server } from "./objects.ts";
import { everywhere, hold, unless } from "./policy.ts";

function selects(
  objects: readonly KubeObject[],
  selector: Record<string, string> | undefined,
): boolean {
  const labels = one(objects, "Deployment").spec.template.metadata.labels ?? {};
  const wanted = Object.entries(selector ?? {});
  return wanted.length > 0 && wanted.every(([key, value]) => labels[key] === value);
}

const byLabels = (objects: readonly KubeObject[], selector: Selector | undefined) =>
  selects(objects, selector?.matchLabels);

hold(
  "every selector matches the pods",
  everywhere((objects) => {
    const { spec } = one(objects, "Deployment");
    const spread = spec.template.spec.topologySpreadConstraints ?? [];
    return unless({
      "the Deployment's own": byLabels(objects, spec.selector),
      "the Service's": selects(objects, one(objects, "Service").spec.selector),
      "the disruption budget's": byLabels(
        objects,
        one(objects, "PodDisruptionBudget").spec.selector,
      ),
      "the network policy's": byLabels(objects, one(objects, "NetworkPolicy").spec.podSelector),
      "the spread's, by host and by zone, within a revision":
        spread.length === 2 &&
        spread.every(
          (each) =>
            byLabels(objects, each.labelSelector) &&
            each.matchLabelKeys?.[0] === "pod-template-hash",
        ),
      "each PodMonitor's": all(objects, "PodMonitor").every((monitor) =>
        byLabels(objects, monitor.spec.selector),
      ),
    });
  }),
  {
    "the budget has no selector": ({ overlays }) => {
      delete one(overlays.dev, "PodDisruptionBudget").spec.selector;
    },
    "the Service selects by another name": ({ overlays }) => {
      one(overlays.production, "Service").spec.selector = { "app.kubernetes.io/name": "mistral" };
    },
    "the network policy selects nothing of ours": ({ overlays }) => {
      one(overlays.staging, "NetworkPolicy").spec.podSelector = {
        matchLabels: { app: "mistral-stream" },
      };
    },
    "the spread counts other pods": ({ everything }) => {
      one(everything, "Deployment").spec.template.spec
        .topologySpreadConstraints![0]!.labelSelector = { matchLabels: { a: "b" } };
    },
    "a revision's pods are spread among old ones": ({ overlays }) => {
      delete one(overlays.dev, "Deployment").spec.template.spec.topologySpreadConstraints![1]!
        .matchLabelKeys;
    },
    "Prometheus looks for other pods": ({ everything }) => {
      one(everything, "PodMonitor").spec.selector = {};
    },
  },
);

hold(
  "every port that is named exists, and the admin port is on no Service",
  everywhere((objects) => {
    const container = server(objects);
    const ports = Object.fromEntries(
      (container.ports ?? []).map((port) => [port.name, port.containerPort]),
    );
    const service = one(objects, "Service").spec.ports;
    const named = (port: string | number) => typeof port === "string" && port in ports;
    const policy = one(objects, "NetworkPolicy").spec.ingress ?? [];
    const probes = [container.startupProbe, container.readinessProbe, container.livenessProbe];
    const paths = all(objects, "Ingress").flatMap(({ spec }) =>
      spec.rules.flatMap(({ http }) => http.paths),
    );
    const refs = all(objects, "HTTPRoute").flatMap(({ spec }) =>
      spec.rules.flatMap((rule) => rule.backendRefs),
    );
    return unless({
      "http is 8080 and admin another": ports.http === 8080 && ports.admin === 9090,
      "the Service leads from 80 to http, and nowhere else":
        service.length === 1 && service[0]?.port === 80 && service[0].targetPort === "http",
      "the network policy's ports": policy.every(
        (rule) => rule.ports?.length === 1 && rule.ports.every((p) => named(p.port)),
      ),
      "the probes' port is admin": probes.every((probe) => probe?.httpGet?.port === "admin"),
      "the PodMonitors' port is admin": all(objects, "PodMonitor").every(({ spec }) =>
        spec.podMetricsEndpoints.every(
          (endpoint) => endpoint.port === "admin" && endpoint.path === "/metrics",
        ),
      ),
      "the ingress' service": paths.every(
        ({ backend }) =>
          backend.service.name === "mistral-stream" && backend.service.port.name === "http",
      ),
      "the route's service": refs.every((ref) => ref.name === "mistral-stream" && ref.port === 80),
    });
  }),
  {
    "the admin port is on the Service": ({ overlays }) => {
      one(overlays.dev, "Service").spec.ports.push({
        name: "admin",
        port: 9090,
        targetPort: "admin",
      });
    },
    "the container's port changes its name": ({ overlays }) => {
      server(overlays.dev).ports![0]!.name = "web";
    },
    "the network policy opens a port that is none": ({ overlays }) => {
      one(overlays.production, "NetworkPolicy").spec.ingress![0]!.ports![0]!.port = "https";
    },
    "the network policy opens every port": ({ overlays }) => {
      delete one(overlays.production, "NetworkPolicy").spec.ingress![0]!.ports;
    },
    "a probe asks the public port": ({ overlays }) => {
      server(overlays.staging).livenessProbe = { httpGet: { path: "/livez", port: "http" } };
    },
    "the route leads to another port": ({ overlays }) => {
      one(overlays.production, "HTTPRoute").spec.rules[0]!.backendRefs[0]!.port = 8080;
    },
    "the ingress leads to another service": ({ everything }) => {
      one(everything, "Ingress").spec.rules[0]!.http.paths[0]!.backend.service.name = "mistral";
    },
  },
);
