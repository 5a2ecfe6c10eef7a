/** A policy and the proof that it can fail. */

import { expect, setDefaultTimeout, test } from "bun:test";
import { OVERLAYS, type Overlay, readTree, type Tree } from "./tree.ts";

/** Tells every way in which a tree breaks it; none where all is well. */
export type Policy = (tree: Tree) => string[];

/** Breaks a tree in place, and by its name says how. */
export type Mutations = Record<string, (tree: Tree) => void>;

// The first to ask waits for the tools to be built, on a machine that has none yet.
setDefaultTimeout(300_000);

let tree: Tree | undefined;

/** Two kinds of test for a policy: the real tree keeps it, and each mutated copy is caught breaking it. */
export function hold(name: string, policy: Policy, mutations: Mutations): void {
  test(name, () => {
    tree ??= readTree();
    expect(policy(tree)).toEqual([]);
  });
  test.each(Object.entries(mutations))(`${name}: caught when %s`, (_, mutate) => {
    tree ??= readTree();
    const broken = structuredClone(tree);
    mutate(broken);
    expect(Bun.deepEquals(broken, tree), "the mutation changes the tree").toBe(false);
    expect(policy(broken)).not.toEqual([]);
  });
}

/** Applies a check to every overlay and to the base with all components; faults say where. */
export function everywhere(
  check: (objects: Tree["everything"], overlay: Overlay | undefined) => string[],
): Policy {
  return ({ overlays, everything }) => [
    ...OVERLAYS.flatMap((name) => check(overlays[name], name).map((fault) => `${name}: ${fault}`)),
    ...check(everything, undefined).map((fault) => `all components: ${fault}`),
  ];
}

/** Faults for the claims that are false. */
export function unless(claims: Record<string, boolean>): string[] {
  return Object.entries(claims).flatMap(([claim, holds]) => (holds ? [] : [`not so: ${claim}`]));
}
