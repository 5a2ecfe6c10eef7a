/** Workflows push an image and a line of git; the cluster is Argo CD's alone. */

import { hold, unless } from "./policy.ts";
import type { Job, Tree, Workflow } from "./tree.ts";

const jobs = ({ workflows }: Tree): [string, Job][] =>
  Object.entries(workflows).flatMap(([file, { parsed }]) =>
    Object.entries(parsed.jobs).map(([name, job]): [string, Job] => [`${file} ${name}`, job]),
  );

const uses = (job: Job, action: string) =>
  job.steps.filter((step) => step.uses?.startsWith(`${action}@`));
const runs = (job: Job, script: string) => job.steps.some(({ run }) => run?.includes(script));

function change(workflow: Workflow | undefined, edit: (text: string) => string): void {
  if (workflow === undefined) throw new Error("there is no such workflow");
  workflow.text = edit(workflow.text);
  workflow.parsed = Bun.YAML.parse(workflow.text) as Workflow["parsed"];
}

hold(
  "no workflow speaks to a cluster",
  ({ workflows }) =>
    Object.entries(workflows).flatMap(([file, { text }]) =>
      ["kubectl", "argocd", "kubeconfig", "helm"]
        .filter((word) => text.toLowerCase().includes(word))
        .map((word) => `${file} says ${word}`),
    ),
  {
    "the release applies by itself": ({ workflows }) => {
      change(workflows["release.yml"], (text) =>
        text.replace('scripts/bump-image dev "$IMAGE"', "kubectl apply -k gitops/overlays/dev"),
      );
    },
    "CI has credentials of the cluster's": ({ workflows }) => {
      change(workflows["promote.yml"], (text) => text.replace("env:", "env:\n  KUBECONFIG: x"));
    },
  },
);

hold(
  "every job has only the grants that it needs, and a deadline",
  (tree) => [
    ...Object.entries(tree.workflows).flatMap(([file, { parsed }]) =>
      unless({
        [`${file} grants nothing by itself`]: Bun.deepEquals(parsed.permissions, {}),
        [`${file} has a concurrency group`]: parsed.concurrency !== undefined,
      }),
    ),
    ...jobs(tree).flatMap(([name, job]) => {
      const granted = job.permissions ?? {};
      return unless({
        [`${name} says what it is granted`]: job.permissions !== undefined,
        [`${name} has a deadline`]: job["timeout-minutes"] !== undefined,
        [`${name} writes contents only to bump`]:
          granted["contents"] !== "write" || runs(job, "scripts/bump-image"),
        [`${name} signs only what it builds`]:
          granted["id-token"] === undefined || uses(job, "docker/build-push-action").length === 1,
        [`${name} keeps git's credentials only to bump`]: uses(job, "actions/checkout").every(
          (step) => step.with?.["persist-credentials"] === runs(job, "scripts/bump-image"),
        ),
      });
    }),
  ],
  {
    "a workflow takes the default grants": ({ workflows }) => {
      delete workflows["ci.yml"]!.parsed.permissions;
    },
    "the tests may push": ({ workflows }) => {
      workflows["ci.yml"]!.parsed.jobs["test"]!.permissions = { contents: "write" };
    },
    "the tests keep credentials": ({ workflows }) => {
      workflows["ci.yml"]!.parsed.jobs["test"]!.steps[0]!.with = {};
    },
    "the bump may sign": ({ workflows }) => {
      workflows["release.yml"]!.parsed.jobs["dev"]!.permissions!["id-token"] = "write";
    },
    "a job may run for hours": ({ workflows }) => {
      delete workflows["promote.yml"]!.parsed.jobs["staging"]!["timeout-minutes"];
    },
  },
);

hold(
  "every action is pinned by commit, with its version beside it",
  ({ workflows }) =>
    Object.entries(workflows).flatMap(([file, { text }]) =>
      text
        .split("\n")
        .filter(
          (line) =>
            /^\s*(- )?uses:/.test(line) &&
            !/uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line),
        )
        .map((line) => `${file}: ${line.trim()}`),
    ),
  {
    "an action is named by a tag": ({ workflows }) => {
      change(workflows["ci.yml"], (text) =>
        text.replace(/checkout@[0-9a-f]{40} # v[0-9.]+/, "checkout@v7"),
      );
    },
    "a version is not told": ({ workflows }) => {
      change(workflows["release.yml"], (text) =>
        text.replace(/(cosign-installer@[0-9a-f]{40}).*/, "$1"),
      );
    },
  },
);

hold(
  "a bump starts no build, and the release signs with SBOM and provenance before it bumps dev",
  ({ workflows }) => {
    const ignored = workflows["ci.yml"]?.parsed.on.push?.["paths-ignore"] ?? [];
    const release = workflows["release.yml"]?.parsed;
    const push =
      release?.jobs["image"]?.steps.find(({ uses }) =>
        uses?.startsWith("docker/build-push-action@"),
      )?.with ?? {};
    const bumps = Object.values(workflows).flatMap(({ text }) =>
      [...text.matchAll(/scripts\/bump-image (\w+)/g)].map(([, overlay]) => overlay),
    );
    return unless({
      "CI ignores bumps": ignored.includes("gitops/overlays/*/kustomization.yaml"),
      "the release is for tags alone": release?.on.push?.branches === undefined,
      "SBOM and provenance":
        push["sbom"] === true && push["provenance"] === "mode=max" && push["push"] === true,
      "the digest is signed":
        release?.jobs["image"]?.steps.some(({ run }) => run?.startsWith("cosign sign --yes")) ===
        true,
      "dev waits for the signature": /needs: image\b/.test(workflows["release.yml"]?.text ?? ""),
      "each environment is bumped in one place": Bun.deepEquals(bumps.toSorted(), [
        "dev",
        "production",
        "staging",
      ]),
      "production is a pull request": /bump-image production "\$image" \S+/.test(
        workflows["promote.yml"]?.text ?? "",
      ),
    });
  },
  {
    "a bump builds again": ({ workflows }) => {
      delete workflows["ci.yml"]!.parsed.on.push!["paths-ignore"];
    },
    "there is no SBOM": ({ workflows }) => {
      change(workflows["release.yml"], (text) => text.replace("sbom: true", "sbom: false"));
    },
    "nothing is signed": ({ workflows }) => {
      change(workflows["release.yml"], (text) => text.replace("cosign sign", "echo"));
    },
    "the release goes on to production": ({ workflows }) => {
      change(workflows["release.yml"], (text) =>
        text.replace("bump-image dev", "bump-image production"),
      );
    },
    "production is pushed to main": ({ workflows }) => {
      change(workflows["promote.yml"], (text) =>
        text.replace(/(bump-image production "\$image") \S+/, "$1"),
      );
    },
  },
);
