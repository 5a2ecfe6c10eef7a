/** CORS as a browser application needs it: exact origins, and every header of the contract by name. */

/** Headers that a page may send. OpenAI's SDK sends a dozen of its own, and a preflight has no wildcard with credentials. */
const ALLOWED = [
  "authorization",
  "content-type",
  "last-event-id",
  "idempotency-key",
  "stream-grace",
  "traceparent",
  "x-request-id",
  ...[
    "arch",
    "async",
    "custom-poll-interval",
    "helper-method",
    "lang",
    "os",
    "package-version",
    "poll-helper",
    "raw-response",
    "retry-count",
    "runtime",
    "runtime-version",
    "stream-helper",
    "timeout",
  ].map((name) => `x-stainless-${name}`),
];

/** Headers that a page may read. */
const EXPOSED = [
  "stream-id",
  "stream-resume",
  "x-request-id",
  "x-adapted-params",
  "x-upstream",
  "ratelimit-policy",
  "ratelimit",
  "retry-after",
  "x-should-retry",
  "www-authenticate",
];

/** A browser asks again after this long at the latest; Chromium allows two hours. */
const PREFLIGHT_SECONDS = 7200;

/** @param origins exact origins; with none, no page of another origin may ask */
export function corsOptions(origins: readonly string[]) {
  return {
    // A function, because the plugin's own list is an object that also has "toString".
    origin: (request: Request) => origins.includes(request.headers.get("origin") ?? ""),
    methods: ["GET", "POST", "DELETE"],
    allowedHeaders: ALLOWED,
    exposeHeaders: EXPOSED,
    credentials: true,
    maxAge: PREFLIGHT_SECONDS,
    preflight: true,
  };
}
