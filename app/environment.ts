/** Typed reads of environment variables that collect faults instead of throwing. */

/** Reads a file as UTF-8 text; throws where it cannot. */
export type ReadFile = (path: string) => string;

/** Reads variables; each fault is kept under its variable's name. */
export interface Environment {
  text(name: string, fallback: string): string;
  integer(name: string, fallback: number, min: number, max: number): number;
  choice<T extends string>(name: string, choices: readonly T[], fallback: T): T;
  /** `X`, or what the file named by `X_FILE` holds; `path` is set for the latter. */
  secret(name: string): { readonly value: string | undefined; readonly path: string | undefined };
  fault(name: string, what: string): void;
  faults(): readonly string[];
}

/** An empty variable counts as one that is not set: manifests set what they have no value for. */
export function createEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  readFile: ReadFile,
): Environment {
  const found: string[] = [];
  const get = (name: string) => {
    const value = env[name]?.trim();
    return value === "" ? undefined : value;
  };
  const fault = (name: string, what: string) => {
    found.push(`${name} ${what}`);
  };
  return {
    text: (name, fallback) => get(name) ?? fallback,
    integer(name, fallback, min, max) {
      const text = get(name);
      if (text === undefined) return fallback;
      const value = Number(text);
      if (/^\d+$/.test(text) && value >= min && value <= max) return value;
      fault(name, `is "${text}"; it takes a whole number from ${min} to ${max}`);
      return fallback;
    },
    choice(name, choices, fallback) {
      const text = get(name);
      const choice = choices.find((one) => one === text);
      if (text !== undefined && choice === undefined) {
        fault(name, `is "${text}"; it takes one of ${choices.join(", ")}`);
      }
      return choice ?? fallback;
    },
    secret(name) {
      const path = get(`${name}_FILE`);
      const value = get(name);
      if (path === undefined) return { value, path };
      if (value !== undefined) fault(name, `and ${name}_FILE are both set; keep one`);
      try {
        return { value: readFile(path).trim(), path };
      } catch {
        fault(`${name}_FILE`, `names ${path}, which cannot be read`);
        return { value: undefined, path };
      }
    },
    fault,
    faults: () => found,
  };
}
