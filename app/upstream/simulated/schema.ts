/** A value that satisfies a JSON schema, as far as tool parameters and response formats use one. */

import { isObject } from "../../core/chunk.ts";
import { pick, prose, type Random, word } from "./words.ts";

type Schema = Record<string, unknown>;

/** A schema may refer to itself; deeper than this an optional branch is taken for a null. */
const MAX_DEPTH = 16;

/** Formats that a client may parse; others are free text. */
const FORMATS: Readonly<Record<string, string>> = {
  date: "2026-01-15",
  time: "09:30:00Z",
  "date-time": "2026-01-15T09:30:00Z",
  email: "ada@example.com",
  uri: "https://example.com/",
  uuid: "5f0c8f1e-4d0a-4b57-9c1e-0a6d3b1f7e21",
};

/**
 * Fills in the required properties (all of them where `required` is missing), one item of an array,
 * the first alternative that is not null. `pattern` and `allOf` are not looked at.
 */
export function fill(schema: unknown, random: Random, root: unknown = schema, depth = 0): unknown {
  if (!isObject(schema) || depth > MAX_DEPTH) return null;
  const inner = (s: unknown) => fill(s, random, root, depth + 1);
  if ("const" in schema) return schema["const"];
  if (Array.isArray(schema["enum"])) return pick(schema["enum"], random);
  if (typeof schema["$ref"] === "string") return inner(resolve(schema["$ref"], root));
  const union = schema["anyOf"] ?? schema["oneOf"];
  if (Array.isArray(union)) return inner(union.find((s) => isObject(s) && s["type"] !== "null"));
  const types = [schema["type"]].flat();
  switch (types.find((type) => type !== "null") ?? (schema["properties"] ? "object" : "null")) {
    case "object":
      return objectOf(schema, inner);
    case "array": {
      const length = Math.max(1, Number(schema["minItems"] ?? 1));
      return Array.from({ length }, () => inner(schema["items"] ?? { type: "string" }));
    }
    case "string":
      return textOf(schema, random);
    case "number":
    case "integer":
      return numberOf(schema, random);
    case "boolean":
      return random() < 0.5;
    default:
      return null;
  }
}

function objectOf(schema: Schema, inner: (schema: unknown) => unknown): Schema {
  const properties = isObject(schema["properties"]) ? schema["properties"] : {};
  const names = Array.isArray(schema["required"]) ? schema["required"] : Object.keys(properties);
  return Object.fromEntries(
    names.map((name) => [name, inner(properties[name] ?? { type: "string" })]),
  );
}

function textOf(schema: Schema, random: Random): string {
  const format = FORMATS[String(schema["format"])];
  if (format !== undefined) return format;
  const shortest = Number(schema["minLength"] ?? 1);
  // Lengths are in characters (JSON Schema, section 6.3.1), and a cut must not split one.
  const chars = [...(shortest > 8 ? prose(shortest, random).join("") : word(random))];
  while (chars.length < shortest) chars.push(".");
  return chars.slice(0, Number(schema["maxLength"] ?? chars.length)).join("");
}

function numberOf(schema: Schema, random: Random): number {
  const step = Number(schema["multipleOf"] ?? 1);
  const above = schema["exclusiveMinimum"];
  const least = above === undefined ? Number(schema["minimum"] ?? 1) : Number(above) + step;
  const below = schema["exclusiveMaximum"];
  const most =
    below === undefined ? Number(schema["maximum"] ?? least + 99 * step) : Number(below) - step;
  const start = Math.ceil(least / step);
  return step * (start + Math.floor(random() * Math.max(1, Math.floor(most / step) - start + 1)));
}

/** Follows a local reference such as `#/$defs/Person`. */
function resolve(ref: string, root: unknown): unknown {
  let found = root;
  for (const name of ref.split("/").slice(1)) found = isObject(found) ? found[name] : undefined;
  return found;
}
