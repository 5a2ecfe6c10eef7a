/** KEYS_FILE: plans, limits for addresses, and the digests of keys. Faults name line and field. */

import { type Static, Type } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import {
  findNodeAtLocation,
  type Node,
  type ParseError,
  parseTree,
  printParseErrorCode,
} from "jsonc-parser";

/** Above 1e12 nothing is a limit any more, and sums of limits must stay exact integers. */
const Amount = Type.Integer({ minimum: 1, maximum: 1e12 });
const closed = { additionalProperties: false };

const PlanSchema = Type.Object(
  {
    requestsPerMinute: Amount,
    burst: Amount,
    concurrentStreams: Amount,
    tokensPerDay: Amount,
    maxOutputTokens: Amount,
  },
  closed,
);
const AddressLimitsSchema = Type.Object(
  {
    requestsPerMinute: Amount,
    burst: Amount,
    concurrentStreams: Amount,
    failedAuthPerMinute: Amount,
  },
  closed,
);
const DateSchema = Type.Optional(Type.Union([Type.Null(), Type.String({ minLength: 1 })]));
const KeySchema = Type.Object(
  {
    id: Type.String({ pattern: "^[0-9A-Za-z._-]{1,64}$" }),
    plan: Type.Optional(Type.String()),
    digests: Type.Array(
      Type.Object(
        {
          sha256: Type.String({ pattern: "^[0-9a-f]{64}$" }),
          notBefore: DateSchema,
          expiresAt: DateSchema,
        },
        closed,
      ),
    ),
    models: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 256 }))),
  },
  closed,
);
const FileSchema = Type.Object(
  {
    plans: Type.Record(Type.String(), PlanSchema),
    ip: Type.Optional(AddressLimitsSchema),
    keys: Type.Array(KeySchema),
  },
  closed,
);

/** Limits of a principal; requests per minute, streams at once, tokens a UTC day and an answer. */
export type Plan = Readonly<Static<typeof PlanSchema>>;
/** Limits of an address, whoever asks from there. */
export type AddressLimits = Readonly<Static<typeof AddressLimitsSchema>>;
/** The file as it is written. */
export type KeysFile = Static<typeof FileSchema>;

/** Used where the file has no `ip`. */
export const ADDRESS_LIMITS: AddressLimits = {
  requestsPerMinute: 120,
  burst: 30,
  concurrentStreams: 20,
  failedAuthPerMinute: 10,
};

/** One secret that opens one key. Times are milliseconds since the epoch, null for never. */
export interface KeyGrant {
  readonly id: string;
  readonly planName: string;
  readonly plan: Plan;
  readonly models: readonly string[] | undefined;
  readonly notBeforeMs: number | null;
  readonly expiresAtMs: number | null;
}

/** A whole and valid keys file. */
export interface Keys {
  readonly file: KeysFile;
  readonly ip: AddressLimits;
  /** By lower-case hex SHA-256 of the whole key. */
  readonly grants: ReadonlyMap<string, KeyGrant>;
}

/** A parsed file, or every fault found in it, each with its line and field. */
export type ParsedKeys =
  | { readonly ok: true; readonly keys: Keys }
  | { readonly ok: false; readonly faults: readonly string[] };

/** Parses and checks a keys file; a file with any fault gives no keys. */
export function parseKeys(text: string): ParsedKeys {
  const errors: ParseError[] = [];
  const tree = parseTree(text, errors, { disallowComments: true });
  const [error] = errors;
  if (tree === undefined || error !== undefined) {
    const what = error ? printParseErrorCode(error.error) : "ValueExpected";
    return { ok: false, faults: [`line ${lineAt(text, error?.offset ?? 0)}: not JSON (${what})`] };
  }
  const file: unknown = JSON.parse(text);
  const faults = new Map<string, string>();
  const report = (path: (string | number)[], what: string) => {
    const at = `line ${lineAt(text, offsetOf(tree, path))}: ${path.join(".") || "file"}`;
    if (!faults.has(at)) faults.set(at, `${at}: ${what}`);
  };
  for (const fault of Value.Errors(FileSchema, file)) report(toPath(fault.path), fault.message);
  if (faults.size > 0 || !Value.Check(FileSchema, file))
    return { ok: false, faults: [...faults.values()] };
  const grants = toGrants(file, report);
  if (faults.size > 0) return { ok: false, faults: [...faults.values()] };
  return { ok: true, keys: { file, ip: file.ip ?? ADDRESS_LIMITS, grants } };
}

function toGrants(
  file: KeysFile,
  report: (path: (string | number)[], what: string) => void,
): Map<string, KeyGrant> {
  const grants = new Map<string, KeyGrant>();
  const ids = new Set<string>();
  for (const [k, key] of file.keys.entries()) {
    const planName = key.plan ?? "default";
    // Asked for by a name out of the file, "toString" must not find what every object has.
    const plan = Object.hasOwn(file.plans, planName) ? file.plans[planName] : undefined;
    if (plan === undefined) {
      report(["keys", k, "plan"], `there is no plan "${planName}" under plans`);
      continue;
    }
    if (ids.has(key.id)) report(["keys", k, "id"], `"${key.id}" stands twice`);
    ids.add(key.id);
    for (const [d, digest] of key.digests.entries()) {
      const path = ["keys", k, "digests", d];
      const notBeforeMs = toTime(digest.notBefore);
      const expiresAtMs = toTime(digest.expiresAt);
      if (Number.isNaN(notBeforeMs)) report([...path, "notBefore"], "not an ISO 8601 date");
      if (Number.isNaN(expiresAtMs)) report([...path, "expiresAt"], "not an ISO 8601 date");
      if (grants.has(digest.sha256)) report([...path, "sha256"], "this digest stands twice");
      grants.set(digest.sha256, {
        id: key.id,
        planName,
        plan,
        models: key.models,
        notBeforeMs,
        expiresAtMs,
      });
    }
  }
  return grants;
}

function toTime(date: string | null | undefined): number | null {
  if (date === null || date === undefined) return null;
  const isIso = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?$/.test(date);
  return isIso && isDay(date.slice(0, 10)) ? Date.parse(date) : Number.NaN;
}

/** Engines take 30 February for 2 March. */
function isDay(text: string): boolean {
  const day = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text);
}

/** A JSON pointer as a path of names. */
function toPath(pointer: string): string[] {
  const names = pointer.split("/").slice(1);
  return names.map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** Where a path stands in the text; a missing field stands where its parent does. */
function offsetOf(tree: Node, path: readonly (string | number)[]): number {
  let at = tree;
  for (const name of path) {
    const node = findNodeAtLocation(at, [at.type === "array" ? Number(name) : String(name)]);
    if (node === undefined) break;
    at = node;
  }
  return (at.parent?.type === "property" ? at.parent : at).offset;
}

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}
