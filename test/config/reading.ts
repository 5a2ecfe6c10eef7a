/** Configurations as tests read them: good but for what a test changes. */

import { type Config, readConfig } from "../../app/config.ts";

/** Variables by name. */
export type Env = Record<string, string | undefined>;

export const SECRET = "sk-very-secret-0123456789";
const files: Record<string, string> = {
  "/run/key": ` ${SECRET},second \n`,
  "/run/empty": "\n",
  "/keys.json": "{}",
};
const readFile = (path: string) => {
  const text = files[path];
  if (text === undefined) throw new Error(`ENOENT: ${path}`);
  return text;
};
const GOOD = { MISTRAL_API_KEY: SECRET, KEYS_FILE: "/keys.json" };
const read = (env: Env) => readConfig({ ...GOOD, ...env }, readFile);
export const faultsOf = (env: Env): readonly string[] => {
  const result = read(env);
  return "faults" in result ? result.faults : [];
};
export function configOf(env: Env): Config {
  const result = read(env);
  if ("faults" in result) throw new Error(result.faults.join("\n"));
  return result.config;
}
