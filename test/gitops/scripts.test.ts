/** The scripts that CI runs: quiet on the real tree, loud on a broken one. */

import { afterEach, expect, setDefaultTimeout, test } from "bun:test";
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "./tree.ts";

// Cold, the linters are built first: most of a minute; the image takes half of one.
setDefaultTimeout(300_000);

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), "gitops-"));
  folders.push(made);
  return made;
}

function run(cwd: string, ...command: string[]): { status: number; told: string } {
  const { exitCode, stdout, stderr } = Bun.spawnSync(command, { cwd });
  return { status: exitCode, told: stdout.toString() + stderr.toString() };
}

/** A copy of what gitops-validate looks at, with the tools of the checkout. */
function copy(): string {
  const made = folder();
  for (const part of ["gitops", "scripts", ".github", "Dockerfile"])
    cpSync(join(ROOT, part), join(made, part), { recursive: true });
  mkdirSync(join(made, ".tools"));
  symlinkSync(join(ROOT, ".tools/lint"), join(made, ".tools/lint"));
  return made;
}

function edit(root: string, path: string, from: string | RegExp, to: string): void {
  const before = readFileSync(join(root, path), "utf8");
  const after = before.replace(from, to);
  expect(after, `${path} changes`).not.toBe(before);
  writeFileSync(join(root, path), after);
}

test("gitops-validate says nothing about the tree as it is", () => {
  expect(run(ROOT, "scripts/gitops-validate")).toEqual({ status: 0, told: "" });
});

const mutations: [name: string, checker: string, mutate: (root: string) => void][] = [
  [
    "a resource that is missing",
    "kustomize build",
    (root) => edit(root, "gitops/overlays/dev/kustomization.yaml", "namespace.yaml", "names.yaml"),
  ],
  [
    "a component that cannot stand alone",
    "kustomize build",
    (root) =>
      edit(
        root,
        "gitops/components/hpa/kustomization.yaml",
        "resources:",
        "patches: [{path: x}]\nresources:",
      ),
  ],
  [
    "a field that Kubernetes does not know",
    "kubeconform",
    (root) => edit(root, "gitops/base/deployment.yaml", "revisionHistoryLimit", "revisionHistory"),
  ],
  [
    "a field that a custom resource does not know",
    "kubeconform",
    (root) => edit(root, "gitops/components/monitoring/podmonitor.yaml", "interval", "every"),
  ],
  [
    "a container without limits",
    "kube-score",
    (root) => edit(root, "gitops/base/deployment.yaml", /limits:\n +memory: \w+/, "limits:"),
  ],
  [
    "a workflow with an unknown context",
    "actionlint",
    (root) => edit(root, ".github/workflows/promote.yml", "${{ inputs.to }}", "${{ input.to }}"),
  ],
  [
    "a command of a workflow that loses words",
    "actionlint",
    (root) =>
      edit(root, ".github/workflows/promote.yml", 'production "$image"', "production $image"),
  ],
  [
    "a workflow that lets a title run as a command",
    "zizmor",
    (root) =>
      edit(
        root,
        ".github/workflows/ci.yml",
        "run: scripts/check",
        "run: echo ${{ github.event.pull_request.title }}",
      ),
  ],
  [
    "a workflow with every grant",
    "zizmor",
    (root) => edit(root, ".github/workflows/ci.yml", "permissions: {}", "permissions: write-all"),
  ],
  [
    "a Dockerfile that ends as root",
    "hadolint",
    (root) => edit(root, "Dockerfile", "USER 65532:65532", "USER root"),
  ],
  [
    "a key that stands twice",
    "yamllint",
    (root) => appendFileSync(join(root, "gitops/overlays/dev/namespace.yaml"), "kind: Namespace\n"),
  ],
  [
    "a script that loses words",
    "shellcheck",
    (root) => edit(root, "scripts/gitops-render", 'mkdir -p "$1"', "mkdir -p $1"),
  ],
];

test.each(mutations)("gitops-validate reports %s, by %s", (_, checker, mutate) => {
  const root = copy();
  mutate(root);
  const { status, told } = run(root, "scripts/gitops-validate");
  expect(status).toBe(1);
  expect(told).toContain(checker);
});

test("gitops-render writes every environment, and tells what a pull request changes in each", () => {
  const root = copy();
  const git = (...args: string[]) =>
    expect(
      run(root, "git", "-c", "user.name=t", "-c", "user.email=t@example.com", ...args).status,
    ).toBe(0);
  git("init", "--quiet");
  git("add", "gitops");
  git("commit", "--quiet", "-m", "before");
  const out = folder();
  expect(run(root, "scripts/gitops-render", out, "HEAD")).toEqual({ status: 0, told: "" });
  for (const overlay of ["dev", "staging", "production"]) {
    expect(readFileSync(join(out, `${overlay}.yaml`), "utf8")).toContain(
      `namespace: mistral-stream-${overlay}`,
    );
  }
  edit(
    root,
    "gitops/components/hpa/horizontalpodautoscaler.yaml",
    "maxReplicas: 6",
    "maxReplicas: 7",
  );
  const { status, told } = run(root, "scripts/gitops-render", out, "HEAD");
  expect(status).toBe(0);
  expect(told.match(/^\+\s+maxReplicas: 7$/gm)).toHaveLength(2);
  expect(told).not.toContain("dev.yaml");
});

test("every script tells how it is used, and refuses what it does not understand", () => {
  for (const script of [
    "bump-image",
    "gitops-render",
    "gitops-validate",
    "gitops-e2e",
    "image-smoke",
    "gitops/image-of",
    "gitops/lint-tools",
  ]) {
    const { status, told } = run(ROOT, `scripts/${script}`, "--help");
    expect(status).toBe(0);
    expect(told).toStartWith(`usage: scripts/${script}`);
  }
  expect(run(ROOT, "scripts/gitops-validate", "--no-such-option").status).toBe(64);
  expect(run(ROOT, "scripts/bump-image").status).toBe(64);
});
