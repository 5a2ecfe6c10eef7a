/** The environment that an overlay gives the server, read by the server's own configuration. */

import { type Config, readConfig } from "../../app/config.ts";
import type { ConfigMap, KubeObject } from "./kinds.ts";
import { all, server } from "./objects.ts";

/** What the server makes of an environment. */
export interface Reading {
  readonly config: Config | undefined;
  readonly faults: readonly string[];
}

/** The variables of the image's ENV. */
export function imageEnvironment(dockerfile: string): Record<string, string> {
  const block = /^ENV ((?:.*\\\n)*.*)/m.exec(dockerfile)?.[1] ?? "";
  return Object.fromEntries(
    [...block.matchAll(/([A-Z_]+)=(\S+)/g)].map(([, name, value]) => [name, value]),
  );
}

/** The variables that the pods get from their ConfigMaps. */
export function podEnvironment(objects: readonly KubeObject[]): Record<string, string> {
  const maps = all(objects, "ConfigMap");
  const names = (server(objects).envFrom ?? []).map((from) => from.configMapRef?.name);
  return Object.assign(
    {},
    ...names.map((name) => maps.find((map) => map.metadata.name === name)?.data),
  );
}

/** Runs the server's own check; a variable that it never looks at is a fault, too. */
export function readEnvironment(objects: readonly KubeObject[], dockerfile: string): Reading {
  const own = podEnvironment(objects);
  const asked = new Set<string>();
  const variables = new Proxy<Record<string, string | undefined>>(
    { ...imageEnvironment(dockerfile), ...own },
    {
      get(target, name) {
        asked.add(String(name));
        return target[String(name)];
      },
    },
  );
  // Secrets are files whose contents git does not know; whether they are mounted is checked apart.
  const read = readConfig(variables, () => "a-key");
  const unknown = Object.keys(own).filter((name) => !asked.has(name));
  const faults = unknown.map((name) => `${name} is no variable of the server's`);
  if ("faults" in read) return { config: undefined, faults: [...faults, ...read.faults] };
  return { config: read.config, faults };
}

/** The variables of the pods as they stand in the tree, for a mutation to change. */
export function variables(objects: KubeObject[]): Record<string, string> {
  const name = server(objects).envFrom?.[0]?.configMapRef?.name;
  return all(objects, "ConfigMap").find((map) => map.metadata.name === name)?.data ?? {};
}

/** The ConfigMap of client keys. */
export const clientKeys = (objects: readonly KubeObject[]): ConfigMap | undefined =>
  all(objects, "ConfigMap").find((map) => map.metadata.name === "client-keys");
