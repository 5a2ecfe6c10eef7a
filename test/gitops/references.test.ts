/** What is named elsewhere is there, and replicas have one master. */

import { all, one, server } from "./objects.ts";
import { everywhere, hold, unless } from "./policy.ts";

hold(
  "everything that is referred to by name is there",
  everywhere((objects) => {
    const pod = one(objects, "Deployment").spec.template.spec;
    const container = server(objects);
    const maps = all(objects, "ConfigMap").map((map) => map.metadata.name);
    const secrets = all(objects, "ExternalSecret").map(({ spec }) => spec.target.name);
    const volumes = pod.volumes ?? [];
    return unless({
      "the environment's ConfigMap":
        container.envFrom?.every((from) => maps.includes(from.configMapRef?.name ?? "")) === true,
      "the volumes' ConfigMaps": volumes.every(
        (volume) => !volume.configMap || maps.includes(volume.configMap.name),
      ),
      "the volumes' Secrets": volumes.every(
        (volume) => !volume.secret || secrets.includes(volume.secret.secretName),
      ),
      "the mounts' volumes":
        container.volumeMounts?.every((mount) =>
          volumes.some(({ name }) => name === mount.name),
        ) === true,
      "the autoscaler's target": all(objects, "HorizontalPodAutoscaler").every(
        ({ spec }) =>
          spec.scaleTargetRef.kind === "Deployment" &&
          spec.scaleTargetRef.name === one(objects, "Deployment").metadata.name,
      ),
      "the traffic policy's route": all(objects, "BackendTrafficPolicy").every(({ spec }) =>
        spec.targetRefs.every((ref) =>
          all(objects, "HTTPRoute").some((route) => route.metadata.name === ref.name),
        ),
      ),
    });
  }),
  {
    "the environment's hash is stale": ({ overlays }) => {
      server(overlays.dev).envFrom![0]!.configMapRef!.name = "mistral-stream-env-0000000000";
    },
    "the Secret is made under another name": ({ overlays }) => {
      one(overlays.production, "ExternalSecret").spec.target.name = "mistral-secret";
    },
    "a mount has no volume": ({ overlays }) => {
      server(overlays.dev).volumeMounts![0]!.name = "nowhere";
    },
    "the autoscaler scales something else": ({ overlays }) => {
      one(overlays.staging, "HorizontalPodAutoscaler").spec.scaleTargetRef.name = "mistral";
    },
    "sticky routing has lost its route": ({ overlays }) => {
      overlays.production = overlays.production.filter(({ kind }) => kind !== "HTTPRoute");
    },
  },
);

hold(
  "replicas belong to the autoscaler where there is one, and are two at least",
  everywhere((objects, overlay) => {
    const { replicas } = one(objects, "Deployment").spec;
    const [autoscaler] = all(objects, "HorizontalPodAutoscaler");
    if (autoscaler === undefined)
      return unless({ "two replicas": overlay !== undefined && (replicas ?? 1) >= 2 });
    return unless({
      "no replicas beside an autoscaler": replicas === undefined,
      "two replicas at least":
        autoscaler.spec.minReplicas >= 2 &&
        autoscaler.spec.maxReplicas > autoscaler.spec.minReplicas,
    });
  }),
  {
    "both set replicas": ({ overlays }) => {
      one(overlays.production, "Deployment").spec.replicas = 3;
    },
    "dev has none set": ({ overlays }) => {
      delete one(overlays.dev, "Deployment").spec.replicas;
    },
    "the autoscaler may go down to one": ({ overlays }) => {
      one(overlays.staging, "HorizontalPodAutoscaler").spec.minReplicas = 1;
    },
  },
);
