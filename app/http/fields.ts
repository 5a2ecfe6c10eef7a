/** Reads single fields of a request, each with a message that says what to change. */

import { Fault } from "../core/fault.ts";

/** A field's value as it came: from JSON, or the text of a query parameter. */
export type Fields = Readonly<Record<string, unknown>>;

/** A text of 1 to `maxChars` characters, or undefined where the field is absent or null. */
export function readText(fields: Fields, name: string, maxChars: number): string | undefined {
  const value = fields[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string") throw invalid(name, "must be a text");
  if (value === "") throw invalid(name, "must not be empty");
  if (value.length > maxChars)
    throw invalid(name, `must not have more than ${maxChars} characters`);
  return value;
}

/** A whole number in a range, or undefined where the field is absent or null. */
export function readInteger(
  fields: Fields,
  name: string,
  min: number,
  max: number,
): number | undefined {
  const value = readNumber(fields, name, min, max);
  if (value === undefined || Number.isInteger(value)) return value;
  throw invalid(name, `must be a whole number from ${min} to ${max}`);
}

/** A number in a range, or undefined where the field is absent or null. */
export function readNumber(
  fields: Fields,
  name: string,
  min: number,
  max: number,
): number | undefined {
  const value = toNumber(fields[name]);
  if (value === undefined || (value >= min && value <= max)) return value;
  throw invalid(name, `must be a number from ${min} to ${max}`);
}

/** True or false; an absent field or null is false. */
export function readFlag(fields: Fields, name: string): boolean {
  const value = fields[name] ?? false;
  if (typeof value === "boolean") return value;
  throw invalid(name, "must be true or false");
}

/** The refusal of one field. */
export function invalid(name: string, what: string): Fault {
  return new Fault("invalid_request", `"${name}" ${what}.`, { param: name });
}

function toNumber(value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "number") return value;
  // A query parameter is text; exponents, signs and spaces in it are mistakes.
  return typeof value === "string" && /^\d+(\.\d+)?$/.test(value) ? Number(value) : Number.NaN;
}
