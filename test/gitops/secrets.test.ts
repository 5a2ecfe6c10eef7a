/** Client keys are digests, and no secret is anywhere in git but the one that opens nothing. */

import { parseKeys } from "../../app/core/keys-file.ts";
import { clientKeys, podEnvironment, variables } from "./environment.ts";
import type { KubeObject } from "./kinds.ts";
import { server } from "./objects.ts";
import { hold, unless } from "./policy.ts";

hold(
  "client keys are a valid file of digests",
  ({ overlays }) =>
    Object.entries(overlays).flatMap(([name, objects]) => {
      const parsed = parseKeys(clientKeys(objects)?.data?.["keys.json"] ?? "");
      return parsed.ok ? [] : parsed.faults.map((fault) => `${name}: ${fault}`);
    }),
  {
    "a comma is lost": ({ overlays }) => {
      const map = clientKeys(overlays.production)!;
      map.data!["keys.json"] = map.data!["keys.json"]!.replace(",", "");
    },
    "a whole key stands where its digest should": ({ overlays }) => {
      const map = clientKeys(overlays.dev)!;
      map.data!["keys.json"] = map.data!["keys.json"]!.replace(
        /"sha256": "[0-9a-f]*"/,
        '"sha256": "ms_secret"',
      );
    },
    "a plan has no such limit": ({ overlays }) => {
      const map = clientKeys(overlays.staging)!;
      map.data!["keys.json"] = map.data!["keys.json"]!.replace("burst", "bursts");
    },
  },
);

hold(
  "the key that the README shows opens dev, and no other environment",
  ({ overlays, readme }) => {
    const [key, ...more] = new Set(readme.match(/\bms_[0-9a-z]{39}\b/g));
    const digest = new Bun.CryptoHasher("sha256").update(key ?? "").digest("hex");
    const opens = (objects: readonly KubeObject[]) =>
      clientKeys(objects)?.data?.["keys.json"]?.includes(digest) === true;
    return unless({
      "it shows exactly one": key !== undefined && more.length === 0,
      "it opens dev": opens(overlays.dev),
      "and nothing else": !opens(overlays.staging) && !opens(overlays.production),
      "which asks the simulation alone": podEnvironment(overlays.dev)["UPSTREAM"] === "simulated",
    });
  },
  {
    "the README shows an old key": (tree) => {
      tree.readme = tree.readme.replace(/\bms_./, "ms_0");
    },
    "dev asks the real Mistral": ({ overlays }) => {
      delete variables(overlays.dev)["UPSTREAM"];
    },
    "production takes dev's keys": ({ overlays }) => {
      clientKeys(overlays.production)!.data = clientKeys(overlays.dev)!.data!;
    },
  },
);

hold(
  "no secret is in the tree, and none in the environment",
  ({ overlays, everything, argocd }) => {
    const objects = [...Object.values(overlays).flat(), ...everything, ...argocd];
    return [
      ...objects
        .filter(({ kind }) => kind === "Secret")
        .map(({ metadata }) => `a Secret is in git: ${metadata.name}`),
      ...objects
        .filter((object) => /\bms_[0-9a-z]{39}\b/.test(JSON.stringify(object)))
        .map(({ kind }) => `a whole client key is in a ${kind}`),
      ...[...Object.values(overlays), everything].flatMap((each) =>
        unless({
          "no secret is a variable": Object.keys(podEnvironment(each)).every(
            (name) => !/(KEY|SECRET|TOKEN|PASSWORD)$/.test(name),
          ),
          "no Secret fills the environment":
            server(each).env === undefined &&
            server(each).envFrom?.every((from) => !from.secretRef) === true,
        }),
      ),
    ];
  },
  {
    "a Secret is committed": ({ overlays }) => {
      overlays.dev.push({
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name: "mistral-secrets" },
      });
    },
    "Mistral's key is a variable": ({ overlays }) => {
      variables(overlays.production)["MISTRAL_API_KEY"] = "x";
    },
    "a Secret fills the environment": ({ overlays }) => {
      server(overlays.production).envFrom!.push({ secretRef: { name: "mistral-secrets" } });
    },
    "a whole client key is committed": ({ overlays }) => {
      clientKeys(overlays.dev)!.data!["note"] = `ms_${"0".repeat(39)}`;
    },
  },
);
