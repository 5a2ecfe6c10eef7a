/** JSON lines on stdout with a closed list of fields, so that nothing can slip in that must not. */

import pino from "pino";
import type { LogLevel } from "../config.ts";

/** All that a line may say. No prompt, no answer, no key, no URL with a query. */
export interface LogFields {
  readonly requestId?: string;
  readonly streamId?: string;
  readonly principal?: string;
  readonly address?: string;
  readonly method?: string;
  readonly route?: string;
  readonly status?: number;
  readonly code?: string;
  readonly outcome?: string;
  readonly model?: string;
  readonly correlationId?: string;
  readonly durationMs?: number;
  readonly firstEventMs?: number;
  readonly events?: number;
  readonly promptTokens?: number;
  readonly completionTokens?: number;
  readonly file?: string;
  readonly count?: number;
  readonly url?: string;
  readonly adminUrl?: string;
  readonly runtime?: string;
  readonly detail?: string;
  readonly stack?: string;
}

const FIELDS: ReadonlySet<string> = new Set<keyof LogFields>([
  "requestId",
  "streamId",
  "principal",
  "address",
  "method",
  "route",
  "status",
  "code",
  "outcome",
  "model",
  "correlationId",
  "durationMs",
  "firstEventMs",
  "events",
  "promptTokens",
  "completionTokens",
  "file",
  "count",
  "url",
  "adminUrl",
  "runtime",
  "detail",
  "stack",
]);

/** Writes one line; the message says what happened, the fields say to whom. */
export type WriteLog = (message: string, fields?: LogFields) => void;

/** The log. */
export interface Log {
  readonly info: WriteLog;
  readonly warn: WriteLog;
  readonly error: WriteLog;
  readonly debug: WriteLog;
}

/** @param write takes a line; stdout where it is not given */
export function createLog(level: LogLevel, write?: (line: string) => void): Log {
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  const logger = write === undefined ? pino(options) : pino(options, { write });
  const at =
    (name: "info" | "warn" | "error" | "debug"): WriteLog =>
    (message, fields = {}) =>
      logger[name](allowed(fields), message);
  return { info: at("info"), warn: at("warn"), error: at("error"), debug: at("debug") };
}

/** Types vanish at run time; an object that came from elsewhere must not bring its own fields along. */
function allowed(fields: LogFields): LogFields {
  const told: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) if (FIELDS.has(name)) told[name] = value;
  return told;
}
