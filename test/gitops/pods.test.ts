/** Pods are what PodSecurity calls restricted and a little more, and run exactly one known image. */

import { one, server } from "./objects.ts";
import { everywhere, hold, unless } from "./policy.ts";

const USER = 65532;

hold(
  "every image of an overlay is named by its digest alone",
  everywhere((objects, overlay) => {
    const { image } = server(objects);
    // Components alone have no image yet; an overlay names it.
    if (overlay === undefined) return [];
    return unless({
      [`${image} is name@sha256:digest`]: /^[a-z0-9./-]+@sha256:[0-9a-f]{64}$/.test(image),
    });
  }),
  {
    "production has a tag": ({ overlays }) => {
      server(overlays.production).image = "ghcr.io/yourorg/mistral-stream:v1";
    },
    "dev has a tag beside the digest": ({ overlays }) => {
      const container = server(overlays.dev);
      container.image = container.image.replace("@", ":v1@");
    },
  },
);

hold(
  "every pod is restricted",
  everywhere((objects) => {
    const pod = one(objects, "Deployment").spec.template.spec;
    const container = server(objects);
    const { securityContext: secure } = container;
    return unless({
      "a numeric user without root":
        pod.securityContext?.runAsNonRoot === true && pod.securityContext.runAsUser === USER,
      "a numeric group": pod.securityContext?.runAsGroup === USER,
      "the runtime's seccomp profile":
        pod.securityContext?.seccompProfile?.type === "RuntimeDefault",
      "no privilege escalation":
        secure?.allowPrivilegeEscalation === false && secure.privileged !== true,
      "every capability dropped": Bun.deepEquals(secure?.capabilities, { drop: ["ALL"] }),
      "a read-only root": secure?.readOnlyRootFilesystem === true,
      "no token of the service account": pod.automountServiceAccountToken === false,
      "an account of its own": pod.serviceAccountName === "mistral-stream",
      "no variables of other services": pod.enableServiceLinks === false,
      "nothing of the host's":
        !pod.hostNetwork && !pod.hostPID && !pod.hostIPC && !pod.volumes?.some((v) => v.hostPath),
      "a bound on every emptyDir":
        pod.volumes?.every((v) => !v.emptyDir || v.emptyDir.sizeLimit !== undefined) === true,
      "every mount but /tmp read-only":
        container.volumeMounts?.every((m) => m.mountPath === "/tmp" || m.readOnly) === true,
    });
  }),
  {
    "the user is a name's": ({ overlays }) => {
      delete one(overlays.staging, "Deployment").spec.template.spec.securityContext?.runAsUser;
    },
    "root is allowed": ({ overlays }) => {
      one(overlays.dev, "Deployment").spec.template.spec.securityContext = {
        runAsUser: USER,
        runAsGroup: USER,
      };
    },
    "a capability comes back": ({ overlays }) => {
      server(overlays.production).securityContext!.capabilities!.add = ["NET_BIND_SERVICE"];
    },
    "the root file system is writable": ({ overlays }) => {
      server(overlays.production).securityContext!.readOnlyRootFilesystem = false;
    },
    "privileges may escalate": ({ everything }) => {
      delete server(everything).securityContext!.allowPrivilegeEscalation;
    },
    "the token is mounted": ({ overlays }) => {
      one(overlays.dev, "Deployment").spec.template.spec.automountServiceAccountToken = true;
    },
    "a folder of the host is mounted": ({ overlays }) => {
      one(overlays.dev, "Deployment").spec.template.spec.volumes?.push({
        name: "host",
        hostPath: {},
      });
    },
    "an emptyDir has no bound": ({ overlays }) => {
      one(overlays.dev, "Deployment").spec.template.spec.volumes?.push({
        name: "more",
        emptyDir: {},
      });
    },
    "a secret could be written to": ({ overlays }) => {
      delete server(overlays.production).volumeMounts?.find((m) => m.name === "mistral-secrets")
        ?.readOnly;
    },
  },
);

hold(
  "every namespace enforces the restricted profile",
  ({ overlays }) =>
    Object.entries(overlays).flatMap(([name, objects]) => {
      const labels = one(objects, "Namespace").metadata.labels ?? {};
      return unless({
        [`${name} enforces`]: labels["pod-security.kubernetes.io/enforce"] === "restricted",
        [`${name} warns`]: labels["pod-security.kubernetes.io/warn"] === "restricted",
        [`${name} pins the profile's version`]: /^v1\.\d+$/.test(
          labels["pod-security.kubernetes.io/enforce-version"] ?? "",
        ),
      });
    }),
  {
    "staging enforces the baseline": ({ overlays }) => {
      one(overlays.staging, "Namespace").metadata.labels!["pod-security.kubernetes.io/enforce"] =
        "baseline";
    },
    "dev floats with the cluster's version": ({ overlays }) => {
      one(overlays.dev, "Namespace").metadata.labels![
        "pod-security.kubernetes.io/enforce-version"
      ] = "latest";
    },
  },
);

hold(
  "every pod asks for what it needs, is bounded in memory and never throttled",
  everywhere((objects) => {
    const { requests = {}, limits = {} } = server(objects).resources ?? {};
    return unless({
      requests: "cpu" in requests && "memory" in requests,
      "a memory limit": "memory" in limits,
      "no CPU limit": !("cpu" in limits),
    });
  }),
  {
    "there is a CPU limit": ({ overlays }) => {
      server(overlays.production).resources!.limits!.cpu = "1";
    },
    "memory has no limit": ({ overlays }) => {
      delete server(overlays.staging).resources!.limits!.memory;
    },
    "nothing is requested": ({ overlays }) => {
      delete server(overlays.dev).resources!.requests;
    },
  },
);
