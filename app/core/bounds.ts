/**
 * The bounds that no configuration changes. Each stands beside its reason; those that an operator
 * may have to move (streams, bodies, deadlines) are in `config.ts`.
 */

/** A reader further behind than this pauses the relay: about what a kernel socket buffer hides anyway. */
export const READER_LAG_BYTES = 1024 * 1024;

/** Readers of one stream: an answer read in a few tabs and by a reconnect or two, not a broadcast. */
export const READERS_PER_STREAM = 8;

/** Open responses per process, as a multiple of MAX_STREAMS: resumes ride on top of fresh streams. */
export const READERS_PER_PROCESS_FACTOR = 2;

/** Grace before a stream without readers is cancelled: EventSource reconnects after 2 s, a phone within 15. */
export const STREAM_GRACE_MS = 15_000;

/** The longest grace a client may ask for: nobody is billed for more than a minute unread. */
export const GRACE_MAX_SECONDS = 60;

/** A heartbeat comes up to this share early, so that thousands of idle streams do not beat at once. */
export const HEARTBEAT_JITTER = 0.1;

/** `retry:` told to an EventSource at the start of a stream. */
export const RETRY_MS = 2000;

/** `retry:` told while draining: by then another instance has the traffic. */
export const RETRY_DRAINING_MS = 1000;

/** Attempts per completion. A third would triple the load on an upstream that is already failing. */
export const UPSTREAM_ATTEMPTS = 2;

/** A request's body comes within this time: 4 MiB at 140 KiB/s, and neither runtime has a bound of its own. */
export const BODY_READ_MS = 30_000;

/** Upstream error bodies are read up to here; real ones are below 2 KiB. */
export const ERROR_BODY_BYTES = 64 * 1024;

/** Upstream's message as shown to a client: enough for a validation report, no room for a page of HTML. */
export const ERROR_MESSAGE_CHARS = 2000;

/** Time for upstream to end a body after `[DONE]`, so that its connection can be used again. */
export const BODY_END_MS = 1000;

/** Characters of the `q` and `system` of `GET /stream`: what proxies let through in a URL, 16 KiB, less the rest. */
export const QUERY_CHARS = 15_000;

/** Longest model name, idempotency key or stream id that is looked at. */
export const NAME_CHARS = 256;

/** Entries of each in-memory limit table; beyond it the idlest go first. One takes about 100 bytes. */
export const LIMIT_ENTRIES = 100_000;

/** Streams remembered for resume, live and finished, beside the bound on their bytes. */
export const STREAMS_REMEMBERED = 20_000;

/** Characters per token in an estimate made before upstream counted; English prose has about 4. */
export const CHARS_PER_TOKEN = 4;

/** Estimate for a part of a message that is no text (image, document, audio). */
export const PART_TOKENS = 1024;

/** Secret files and KEYS_FILE are looked at this often, which keeps a change within the promised 2 s. */
export const RELOAD_POLL_MS = 1000;

/** A KEYS_FILE of 10,000 keys is about 3 MiB. */
export const KEYS_FILE_BYTES = 16 * 1024 * 1024;

/** Events of a log are kept together in blocks of up to so much: a reader takes about one at a time. */
export const BLOCK_BYTES = 16 * 1024;

/** What a block takes beside its bytes: four small objects on either runtime. */
export const BLOCK_OVERHEAD_BYTES = 512;

/** What an event takes in a block beside its bytes: the place of its end, in an array that grows ahead. */
export const EVENT_OVERHEAD_BYTES = 16;

/** `retry-after` where no slot is free: nobody knows when one will be, and most answers take seconds. */
export const SLOT_RETRY_SECONDS = 2;

/** The largest `max_tokens` and `n` that are numbers at all; plans set the real limits. */
export const TOKENS_MAX = 1e9;
export const CHOICES_MAX = 128;

/** What a log takes beside its blocks: some forty small objects, 2.4 KB measured on Bun. */
export const LOG_OVERHEAD_BYTES = 2560;
