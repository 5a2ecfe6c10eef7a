/** The closed set of what can go wrong, and how each is told to a client. */

/** How a stream ended: exactly one for each, in log, metric and span alike. */
export type Outcome =
  | "completed"
  | "client_gone"
  | "cancelled"
  | "upstream_failed"
  | "upstream_auth"
  | "upstream_limited"
  | "upstream_rejected"
  | "first_event_timeout"
  | "idle_timeout"
  | "total_timeout"
  | "drained"
  | "revoked"
  | "refused";

/** HTTP status and error type of every code; `type` uses the words that both SDK families know. */
const CODES = {
  invalid_request: [400, "invalid_request_error"],
  credentials_in_url: [400, "invalid_request_error"],
  unauthenticated: [401, "authentication_error"],
  key_expired: [401, "authentication_error"],
  model_not_allowed: [403, "permission_error"],
  origin_not_allowed: [403, "permission_error"],
  not_found: [404, "not_found_error"],
  stream_gone: [404, "not_found_error"],
  method_not_allowed: [405, "invalid_request_error"],
  body_too_large: [413, "invalid_request_error"],
  unsupported_media_type: [415, "invalid_request_error"],
  idempotency_mismatch: [422, "invalid_request_error"],
  upstream_rejected: [422, "invalid_request_error"],
  rate_limited: [429, "rate_limit_error"],
  too_many_streams: [429, "rate_limit_error"],
  quota_exhausted: [429, "rate_limit_error"],
  upstream_rate_limited: [429, "rate_limit_error"],
  cancelled: [499, "invalid_request_error"],
  internal: [500, "internal_error"],
  upstream_failed: [502, "upstream_error"],
  upstream_auth: [502, "upstream_error"],
  overloaded: [503, "overloaded_error"],
  draining: [503, "overloaded_error"],
  upstream_timeout: [504, "upstream_error"],
} as const satisfies Record<string, readonly [number, string]>;

/** A code as clients see it. */
export type Code = keyof typeof CODES;

/** What a fault event and `x-should-retry` say: whether the same request may succeed later. */
const RETRYABLE: ReadonlySet<Code> = new Set<Code>([
  "upstream_failed",
  "upstream_rate_limited",
  "upstream_timeout",
  "rate_limited",
  "too_many_streams",
  "overloaded",
  "draining",
]);

/** The code under which an outcome is shown to readers; `completed` has none. */
const SHOWN: Record<Exclude<Outcome, "completed" | "refused">, Code> = {
  client_gone: "cancelled",
  cancelled: "cancelled",
  upstream_failed: "upstream_failed",
  upstream_auth: "upstream_auth",
  upstream_limited: "upstream_rate_limited",
  upstream_rejected: "upstream_rejected",
  first_event_timeout: "upstream_timeout",
  idle_timeout: "upstream_timeout",
  total_timeout: "upstream_timeout",
  drained: "draining",
  revoked: "unauthenticated",
};

/** Extra facts of a fault: `param` names the field at fault, headers go out as they are. */
export interface FaultDetail {
  readonly param?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly retryable?: boolean;
  readonly cause?: unknown;
}

/** The one error class: a code of the closed union, a sentence for the client, the cause for the log. */
export class Fault extends Error {
  override readonly name = "Fault";
  readonly code: Code;
  readonly param: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly retryable: boolean;

  constructor(code: Code, message: string, detail: FaultDetail = {}) {
    super(message, { cause: detail.cause });
    this.code = code;
    this.param = detail.param ?? null;
    this.headers = detail.headers ?? {};
    this.retryable = detail.retryable ?? RETRYABLE.has(code);
  }

  get status(): number {
    return CODES[this.code][0];
  }
}

/** A stream that ended in anything but `completed`: the outcome for us, the fault for its readers. */
export interface Failure {
  readonly outcome: Exclude<Outcome, "completed" | "refused">;
  readonly fault: Fault;
}

/** Makes the failure of an outcome; its code is the one that the outcome is shown under. */
export function failure(
  outcome: Failure["outcome"],
  message: string,
  detail?: FaultDetail,
): Failure {
  return { outcome, fault: new Fault(SHOWN[outcome], message, detail) };
}

/**
 * The one body of every error: Mistral's SDK reads the members, OpenAI's reads `error`.
 * @returns `{object, message, type, param, code, request_id, error: {message, type, param, code, request_id}}`
 */
export function toErrorBody(fault: Fault, requestId: string): Record<string, unknown> {
  const five = {
    message: fault.message,
    type: CODES[fault.code][1],
    param: fault.param,
    code: fault.code,
    request_id: requestId,
  };
  return { object: "error", ...five, error: five };
}

/** Anything thrown, as a fault: what is not one already becomes `internal`, and no detail of it leaves. */
export function toFault(thrown: unknown): Fault {
  if (thrown instanceof Fault) return thrown;
  return new Fault("internal", "Something failed here; the log has it under this request id.", {
    cause: thrown,
  });
}
