/** What the pods are told is what the server understands. */

import { UPSTREAM_REQUESTS_MAX } from "../../app/config.ts";
import {
  clientKeys,
  imageEnvironment,
  podEnvironment,
  readEnvironment,
  variables,
} from "./environment.ts";
import { all, one, server } from "./objects.ts";
import { everywhere, hold, unless } from "./policy.ts";
import type { Tree } from "./tree.ts";

hold(
  "every variable is known to the server and valid",
  ({ overlays, everything, dockerfile }: Tree) =>
    [...Object.values(overlays), everything].flatMap((objects) => [
      ...readEnvironment(objects, dockerfile).faults,
    ]),
  {
    "a variable is misspelt": ({ overlays }) => {
      variables(overlays.dev)["HEARTBEAT_SECONDS"] = "15";
    },
    "a number is none": ({ overlays }) => {
      variables(overlays.production)["DRAIN_MS"] = "5m";
    },
    "Mistral's key goes missing": ({ overlays }) => {
      delete variables(overlays.production)["MISTRAL_API_KEY_FILE"];
    },
    "the client keys go missing": ({ everything }) => {
      delete variables(everything)["KEYS_FILE"];
    },
    "a range of addresses is none": ({ everything }) => {
      variables(everything)["TRUSTED_PROXIES"] = "10.0.0.0/99";
    },
    "a variable of the image is wrong": (tree) => {
      tree.dockerfile = tree.dockerfile.replace("ADMIN_PORT=9090", "ADMIN_PORT=8080");
    },
  },
);

hold(
  "files that variables name are mounted, so that a change is seen and nothing rolls",
  everywhere((objects) => {
    const own = podEnvironment(objects);
    const mounts = server(objects).volumeMounts ?? [];
    const volumes = one(objects, "Deployment").spec.template.spec.volumes ?? [];
    return Object.entries(own)
      .filter(([name]) => name.endsWith("_FILE"))
      .flatMap(([name, path]) => {
        const mount = mounts.find((each) => path.startsWith(`${each.mountPath}/`));
        const volume = volumes.find((each) => each.name === mount?.name);
        const file = path.slice(path.lastIndexOf("/") + 1);
        const entries = [
          ...Object.keys(
            all(objects, "ConfigMap").find((map) => map.metadata.name === volume?.configMap?.name)
              ?.data ?? {},
          ),
          ...all(objects, "ExternalSecret")
            .filter(({ spec }) => spec.target.name === volume?.secret?.secretName)
            .flatMap(({ spec }) => spec.data.map(({ secretKey }) => secretKey)),
        ];
        return unless({
          [`${name} is mounted without subPath`]:
            mount !== undefined && mount.subPath === undefined,
          [`${name} is an entry of what is mounted`]: entries.includes(file),
        });
      });
  }),
  {
    "the mount is a single file": ({ overlays }) => {
      server(overlays.dev).volumeMounts!.find((mount) => mount.name === "client-keys")!.subPath =
        "keys.json";
    },
    "the file has another name": ({ overlays }) => {
      variables(overlays.staging)["KEYS_FILE"] = "/etc/mistral-stream/client-keys/keys.yaml";
    },
    "the Secret's entry has another name": ({ overlays }) => {
      one(overlays.production, "ExternalSecret").spec.data[0]!.secretKey = "api-key";
    },
    "the ConfigMap has a hash and would roll the pods": ({ overlays }) => {
      clientKeys(overlays.production)!.metadata.name = "client-keys-5f6d8g7h9k";
    },
  },
);

hold(
  "the image lifts Bun's bound on requests as far as it goes, and listens where the pod says",
  ({ overlays, dockerfile, packageJson }) => {
    const env = imageEnvironment(dockerfile);
    const ports = Object.fromEntries(
      (server(overlays.production).ports ?? []).map((port) => [
        port.name,
        String(port.containerPort),
      ]),
    );
    return unless({
      "the bound is lifted": env["BUN_CONFIG_MAX_HTTP_REQUESTS"] === String(UPSTREAM_REQUESTS_MAX),
      "every address is listened on": env["HOST"] === "0.0.0.0",
      "the ports agree": env["PORT"] === ports["http"] && env["ADMIN_PORT"] === ports["admin"],
      "the user is the pod's, by number": /^USER 65532:65532$/m.test(dockerfile),
      "the base is the Bun that is tested": dockerfile.includes(
        `ARG BASE=oven/bun:${packageJson.devDependencies["bun-types"]}-distroless`,
      ),
    });
  },
  {
    "the bound is above what Bun takes": (tree) => {
      tree.dockerfile = tree.dockerfile.replace("REQUESTS=65535", "REQUESTS=65536");
    },
    "the server listens to itself alone": (tree) => {
      tree.dockerfile = tree.dockerfile.replace("0.0.0.0", "127.0.0.1");
    },
    "the pod has another port": ({ overlays }) => {
      server(overlays.production).ports![1]!.containerPort = 9091;
    },
    "the user has a name": (tree) => {
      tree.dockerfile = tree.dockerfile.replace("USER 65532:65532", "USER nonroot");
    },
    "the base is another Bun": (tree) => {
      tree.packageJson.devDependencies["bun-types"] = "1.4.6";
    },
  },
);
