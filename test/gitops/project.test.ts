/** Argo CD may do what the tree needs and nothing more. */

import type { AppProject, Application, GroupKind, KubeObject } from "./kinds.ts";
import { all } from "./objects.ts";
import { hold, unless } from "./policy.ts";
import type { Tree } from "./tree.ts";

const REPOSITORY = "https://github.com/yourorg/mistral-stream.git";
const CLUSTER = "https://kubernetes.default.svc";

const groupOf = ({ apiVersion }: KubeObject) =>
  apiVersion.includes("/") ? apiVersion.slice(0, apiVersion.indexOf("/")) : "";
const name = ({ group, kind }: GroupKind) => `${group}/${kind}`;

function project({ argocd }: Tree, wanted: string): AppProject {
  const found = all(argocd, "AppProject").find(({ metadata }) => metadata.name === wanted);
  if (found === undefined) throw new Error(`there is no project ${wanted}`);
  return found;
}

function application({ argocd }: Tree, wanted: string): Application {
  const found = all(argocd, "Application").find(({ metadata }) => metadata.name === wanted);
  if (found === undefined) throw new Error(`there is no application ${wanted}`);
  return found;
}

hold(
  "the project allows exactly the kinds that are rendered",
  (tree) => {
    const { spec } = project(tree, "mistral-stream");
    const rendered = new Set(
      [...Object.values(tree.overlays).flat(), ...tree.everything].map((object) =>
        name({ group: groupOf(object), kind: object.kind }),
      ),
    );
    const allowed = new Set(
      [...spec.namespaceResourceWhitelist, ...spec.clusterResourceWhitelist].map(name),
    );
    return [
      ...[...rendered.difference(allowed)].map((kind) => `${kind} is rendered and not allowed`),
      ...[...allowed.difference(rendered)].map((kind) => `${kind} is allowed and never rendered`),
      ...unless({
        "at cluster scope only Namespace": Bun.deepEquals(spec.clusterResourceWhitelist, [
          { group: "", kind: "Namespace" },
        ]),
      }),
    ];
  },
  {
    "a kind is allowed that nothing uses": (tree) => {
      project(tree, "mistral-stream").spec.namespaceResourceWhitelist.push({
        group: "",
        kind: "Secret",
      });
    },
    "a kind is used that is not allowed": ({ overlays }) => {
      overlays.dev.push({
        apiVersion: "rbac.authorization.k8s.io/v1",
        kind: "Role",
        metadata: { name: "more" },
      });
    },
    "a component's kind is no longer allowed": (tree) => {
      const { spec } = project(tree, "mistral-stream");
      spec.namespaceResourceWhitelist = spec.namespaceResourceWhitelist.filter(
        ({ kind }) => kind !== "Ingress",
      );
    },
    "cluster scope is opened": (tree) => {
      project(tree, "mistral-stream").spec.clusterResourceWhitelist.push({ group: "*", kind: "*" });
    },
  },
);

hold(
  "every project takes this repository alone, to where its applications go, and default takes none",
  (tree) => {
    const namespaces = Object.keys(tree.overlays).map((overlay) => `mistral-stream-${overlay}`);
    const places = (wanted: string) =>
      project(tree, wanted).spec.destinations.map(
        ({ server, namespace }) => `${server} ${namespace}`,
      );
    const { spec: emptied } = project(tree, "default");
    return unless({
      "the three environments": Bun.deepEquals(
        places("mistral-stream"),
        namespaces.map((namespace) => `${CLUSTER} ${namespace}`),
      ),
      "Argo CD's own namespace": Bun.deepEquals(places("mistral-stream-root"), [
        `${CLUSTER} argocd`,
      ]),
      "one repository": ["mistral-stream", "mistral-stream-root"].every((each) =>
        Bun.deepEquals(project(tree, each).spec.sourceRepos, [REPOSITORY]),
      ),
      "the root writes projects and applications": Bun.deepEquals(
        project(tree, "mistral-stream-root").spec.namespaceResourceWhitelist.map(name),
        ["argoproj.io/AppProject", "argoproj.io/Application"],
      ),
      "default is empty": [
        emptied.sourceRepos,
        emptied.destinations,
        emptied.clusterResourceWhitelist,
        emptied.namespaceResourceWhitelist,
      ].every((list) => list.length === 0),
    });
  },
  {
    "any repository will do": (tree) => {
      project(tree, "mistral-stream").spec.sourceRepos = ["*"];
    },
    "any namespace will do": (tree) => {
      project(tree, "mistral-stream").spec.destinations.push({ server: CLUSTER, namespace: "*" });
    },
    "the root may write anything": (tree) => {
      project(tree, "mistral-stream-root").spec.namespaceResourceWhitelist = [
        { group: "*", kind: "*" },
      ];
    },
    "default allows something": (tree) => {
      project(tree, "default").spec.sourceRepos = ["*"];
    },
  },
);

hold(
  "every environment has an application that keeps it as git says",
  (tree) =>
    Object.entries(tree.overlays).flatMap(([overlay, objects]) => {
      const { metadata, spec } = application(tree, `mistral-stream-${overlay}`);
      const options = spec.syncPolicy.syncOptions ?? [];
      const faults = unless({
        "its project": spec.project === "mistral-stream",
        "its overlay, from main":
          spec.source.path === `gitops/overlays/${overlay}` &&
          spec.source.targetRevision === "main",
        "its namespace": spec.destination.namespace === `mistral-stream-${overlay}`,
        "objects in no other namespace": objects.every(
          (object) =>
            object.kind === "Namespace" ||
            object.metadata.namespace === `mistral-stream-${overlay}`,
        ),
        "prunes, heals, and never empties": Bun.deepEquals(spec.syncPolicy.automated, {
          prune: true,
          selfHeal: true,
          allowEmpty: false,
        }),
        "takes a mended commit at once": spec.syncPolicy.retry?.refresh === true,
        options: [
          "ServerSideApply=true",
          "PruneLast=true",
          "ApplyOutOfSyncOnly=true",
          "FailOnSharedResource=true",
        ].every((option) => options.includes(option)),
        "is rendered again for base and components":
          metadata.annotations?.["argocd.argoproj.io/manifest-generate-paths"] ===
          ".;/gitops/base;/gitops/components",
      });
      return faults.map((fault) => `${overlay}: ${fault}`);
    }),
  {
    "drift stays": (tree) => {
      application(tree, "mistral-stream-production").spec.syncPolicy.automated!.selfHeal = false;
    },
    "a broken commit is retried while its mending waits": (tree) => {
      delete application(tree, "mistral-stream-dev").spec.syncPolicy.retry;
    },
    "production reads a branch": (tree) => {
      application(tree, "mistral-stream-production").spec.source.targetRevision = "HEAD";
    },
    "staging is rendered from production": (tree) => {
      application(tree, "mistral-stream-staging").spec.source.path = "gitops/overlays/production";
    },
    "dev escapes the project": (tree) => {
      application(tree, "mistral-stream-dev").spec.project = "default";
    },
    "an object lands elsewhere": ({ overlays }) => {
      overlays.dev.find(({ kind }) => kind === "Service")!.metadata.namespace = "kube-system";
    },
    "the base changes unseen": (tree) => {
      application(tree, "mistral-stream-dev").metadata.annotations = {};
    },
  },
);
