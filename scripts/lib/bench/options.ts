/** The command line of scripts/bench. */

import { parseArgs } from "node:util";
import { PEERS, type PeerName } from "./peers.ts";
import { ROWS, type RowName } from "./rows.ts";

/** What a run does. */
export interface Options {
  readonly isQuick: boolean;
  readonly rounds: number;
  readonly peers: readonly PeerName[];
  readonly rows: readonly RowName[];
  /** Where files go; undefined writes none. */
  readonly out: string | undefined;
}

/** A command line that cannot be used; the message says why. */
export class UsageError extends Error {}

const ROUNDS = 5;
const ROUNDS_MAX = 100;

/** @param defaultOut where the files of a whole run go */
export function readOptions(args: readonly string[], defaultOut: string): Options {
  const { values } = parse(args);
  const isQuick = values.quick ?? false;
  const rounds = Number(values.rounds ?? (isQuick ? 1 : ROUNDS));
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > ROUNDS_MAX)
    throw new UsageError(`--rounds takes a whole number from 1 to ${ROUNDS_MAX}.`);
  const peers =
    list(values.only, PEERS, "--only") ?? (isQuick ? (["nginx", "bun"] as const) : PEERS);
  const rowNames = Object.keys(ROWS) as RowName[];
  const rows = list(values.rows, rowNames, "--rows") ?? rowNames;
  const isWhole = !isQuick && values.only === undefined && values.rows === undefined;
  return { isQuick, rounds, peers, rows, out: values.out ?? (isWhole ? defaultOut : undefined) };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        quick: { type: "boolean" },
        rounds: { type: "string" },
        only: { type: "string" },
        rows: { type: "string" },
        out: { type: "string" },
      },
    });
  } catch (cause) {
    throw new UsageError((cause as Error).message);
  }
}

function list<T extends string>(
  text: string | undefined,
  known: readonly T[],
  option: string,
): readonly T[] | undefined {
  if (text === undefined) return undefined;
  return text.split(",").map((name) => {
    const found = known.find((one) => one === name.trim());
    if (found === undefined)
      throw new UsageError(`${option} takes ${known.join(", ")}; not "${name}".`);
    return found;
  });
}
