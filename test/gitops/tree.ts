/** The tree as it is: rendered objects, and the files whose text is a matter of policy. */

import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { KubeObject } from "./kinds.ts";

export const ROOT = resolve(import.meta.dir, "../..");

export const OVERLAYS = ["dev", "staging", "production"] as const;
export type Overlay = (typeof OVERLAYS)[number];

/** One job of a workflow, as far as policies look. */
export interface Job {
  permissions?: Record<string, string>;
  "timeout-minutes"?: number;
  steps: { uses?: string; run?: string; with?: Record<string, unknown> }[];
}

/** A workflow: its text, comments and all, and what it means. */
export interface Workflow {
  text: string;
  parsed: {
    on: { push?: { branches?: string[]; "paths-ignore"?: string[] } };
    permissions?: Record<string, string>;
    concurrency?: object;
    jobs: Record<string, Job>;
  };
}

/** Everything that policies are held against; mutations change a copy of it. */
export interface Tree {
  overlays: Record<Overlay, KubeObject[]>;
  /** The base with every component at once, so that those in no overlay are looked at too. */
  everything: KubeObject[];
  argocd: KubeObject[];
  workflows: Record<string, Workflow>;
  dockerfile: string;
  readme: string;
  packageJson: { devDependencies: Record<string, string> };
}

/** Renders and reads the tree; takes about half a second. */
export function readTree(): Tree {
  const bin = run([join(ROOT, "scripts/gitops/lint-tools")]).trim();
  const build = (folder: string) =>
    parseAll(
      run([join(bin, "kustomize"), "build", folder, "--load-restrictor", "LoadRestrictionsNone"]),
    );
  const overlay = (name: Overlay) => build(join(ROOT, "gitops/overlays", name));
  const read = (path: string) => readFileSync(join(ROOT, path), "utf8");
  const workflows = readdirSync(join(ROOT, ".github/workflows")).map((name): [string, Workflow] => {
    const text = read(`.github/workflows/${name}`);
    return [name, { text, parsed: Bun.YAML.parse(text) as Workflow["parsed"] }];
  });
  return {
    overlays: {
      dev: overlay("dev"),
      staging: overlay("staging"),
      production: overlay("production"),
    },
    everything: renderEverything(build),
    argocd: build(join(ROOT, "gitops/argocd")),
    workflows: Object.fromEntries(workflows),
    dockerfile: read("Dockerfile"),
    readme: read("gitops/README.md"),
    packageJson: JSON.parse(read("package.json")),
  };
}

function renderEverything(build: (folder: string) => KubeObject[]): KubeObject[] {
  const folder = mkdtempSync(join(tmpdir(), "gitops-"));
  try {
    for (const part of ["base", "components"])
      symlinkSync(join(ROOT, "gitops", part), join(folder, part));
    const components = readdirSync(join(folder, "components")).map((name) => `components/${name}`);
    const kustomization = {
      resources: ["base"],
      components,
      configMapGenerator: [
        {
          name: "client-keys",
          literals: ["keys.json={}"],
          options: { disableNameSuffixHash: true },
        },
      ],
    };
    writeFileSync(join(folder, "kustomization.yaml"), JSON.stringify(kustomization));
    return build(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function run(command: string[]): string {
  const { exitCode, stdout, stderr } = Bun.spawnSync(command, { cwd: ROOT });
  if (exitCode !== 0) throw new Error(`${command.join(" ")} failed:\n${stderr.toString()}`);
  return stdout.toString();
}

function parseAll(yaml: string): KubeObject[] {
  const parsed = Bun.YAML.parse(yaml);
  return (Array.isArray(parsed) ? parsed : [parsed]) as KubeObject[];
}
