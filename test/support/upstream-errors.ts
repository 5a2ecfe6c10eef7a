/** Mistral's refusals as it words them, for `status:` and its relatives. */

/** One refusal on the wire. */
export interface ErrorAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

const error = (type: string, message: unknown, code: string | number | null) => ({
  object: "error",
  message,
  type,
  param: null,
  code,
});

const EXTRA = {
  type: "extra_forbidden",
  loc: ["body", "user"],
  msg: "Extra inputs are not permitted",
  input: "ada",
};

const CAPACITY = error(
  "service_tier_capacity_exceeded",
  "Service tier capacity exceeded for this model.",
  "3505",
);

const BODIES: Readonly<Record<number, unknown>> = {
  400: error(
    "invalid_request_error",
    "Prompt contains 300000 tokens, too large for model with 262144 maximum context length",
    "3051",
  ),
  401: { message: "Unauthorized", request_id: "b2f0c7b19d6c4f3a8e5d1c0b9a8f7e6d" },
  403: error("guardrail_violation", "The request was blocked by a guardrail.", null),
  404: error("not_found", "Not Found", null),
  422: error("invalid_request_error", { detail: [EXTRA] }, 422),
  429: error("rate_limited", "Rate limit exceeded", "1300"),
  500: error("internal_error_proxy", "Internal server error", "1000"),
  503: error("internal_error_proxy", "Service unavailable.", "1000"),
};

/** `status:<code>[:retry-after]`, `detail401`, `capacity429`, `capacity503`, `message429`, `plan429`; else undefined. */
export function errorAnswer(name: string, args: readonly string[]): ErrorAnswer | undefined {
  const [first, second] = args;
  switch (name) {
    case "status": {
      const status = Number(first ?? 500);
      return { status, body: BODIES[status] ?? BODIES[500], ...retryAfter(second) };
    }
    case "detail401":
      return { status: 401, body: { detail: "Unauthorized" } };
    case "capacity429":
      return { status: 429, body: CAPACITY, ...retryAfter(first) };
    case "capacity503":
      return { status: 503, body: CAPACITY, ...retryAfter(first) };
    case "message429":
      return {
        status: 429,
        body: { message: "Requests rate limit exceeded" },
        ...retryAfter(first),
      };
    case "plan429":
      return { status: 429, body: BODIES[429], headers: { "x-ratelimit-limit-req-minute": "0" } };
    default:
      return undefined;
  }
}

const retryAfter = (seconds: string | undefined) =>
  seconds === undefined ? {} : { headers: { "retry-after": seconds } };
