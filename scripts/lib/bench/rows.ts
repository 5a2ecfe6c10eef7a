/** What is measured: each row asks certain gateways for certain jobs, once a round. */

import type { Job } from "./load.ts";

/** A gateway as the table names it: a peer, upstream itself, or our own endpoint with ids. */
export type Who =
  | "direct"
  | "nginx"
  | "bun"
  | "bun /stream"
  | "deno"
  | "portkey"
  | "fastapi"
  | "litellm";

/** One measurement of a row. */
export interface Point {
  /** Empty where the row has one point a gateway. */
  readonly name: string;
  readonly job: Job;
}

/** A row of the table. */
export interface Row {
  readonly title: string;
  readonly who: readonly Who[];
  readonly points: (who: Who, isQuick: boolean) => readonly Point[];
  /** A process of its own for each measurement, so that memory starts from nothing. */
  readonly isFresh?: boolean;
  /** Our process has these parts of it switched on, one after the other. */
  readonly parts?: readonly string[];
}

const ALL: readonly Who[] = ["direct", "nginx", "bun", "deno", "portkey", "fastapi", "litellm"];
const FAST: readonly Who[] = ["direct", "nginx", "bun", "deno", "portkey"];

/** Python's gateways take 500 us an event: an answer has to end within the row's time. */
const isSlow = (who: Who) => who === "fastapi" || who === "litellm";

/** Streams of the row of growth, which all together have as many events a second as the first row. */
const GROWTH = [1, 10, 100, 1000, 4000];
const GROWTH_EVENTS_PER_SECOND = 10_000;

/** Nothing comes after the first event while the memory is looked at. */
const HOUR_US = 3_600_000_000;

/** How upstream writes what it has: as server-sent events are sent, or through a buffer. */
const FLOODS = [
  { name: "event by event", Bulk: false },
  { name: "4 KiB at a time", Bulk: true },
];

const one = (job: Job): Point[] => [{ name: "", job }];

/** Switched on one by one, in this order. */
export const PARTS = ["none", "auth", "limits", "log", "metrics"] as const;

export const ROWS = {
  cpu: {
    title: "CPU per event, 50 streams, one event every 5 ms",
    who: ["direct", "nginx", "bun", "bun /stream", "deno", "portkey", "fastapi", "litellm"],
    // Whoever cannot keep the pace would never get the last streams open: whole answers, then.
    points: (who, isQuick) =>
      isSlow(who)
        ? one({ Kind: "whole", Streams: 50, Events: 400, GapUs: 5000, Seconds: 1 })
        : one({ Kind: "window", Streams: 50, GapUs: 5000, Seconds: isQuick ? 1 : 4 }),
  },
  fast: {
    title: "CPU per event, upstream as fast as it can, 20 streams",
    who: ["direct", "nginx", "bun", "bun /stream", "deno", "portkey", "fastapi", "litellm"],
    points: (who, isQuick) =>
      FLOODS.filter(({ Bulk }) => !(Bulk && isSlow(who))).map(({ name, Bulk }) => ({
        name,
        job: {
          Kind: "whole",
          Streams: 20,
          Events: isSlow(who) ? 500 : 10_000,
          Bulk,
          Seconds: isQuick ? 0.7 : 3,
        },
      })),
  },
  first: {
    title: "time to first event, 1 stream",
    who: ALL,
    points: (who, isQuick) =>
      one({
        Kind: "whole",
        Streams: 1,
        Events: 2,
        WarmUp: isSlow(who) ? 20 : 100,
        Requests: isQuick ? 100 : 500,
        Seconds: isQuick ? 2 : 5,
      }),
  },
  gap: {
    title: "gap between events, 200 streams every 20 ms",
    who: FAST,
    points: (_, isQuick) =>
      one({ Kind: "window", Streams: 200, GapUs: 20_000, Seconds: isQuick ? 1 : 4 }),
  },
  plain: {
    title: "non-streaming chat completion, 200 bytes in, 1 KB out, 16 at once",
    who: ["direct", "nginx", "bun", "deno", "portkey", "litellm"],
    points: (who, isQuick) =>
      one({
        Kind: "whole",
        Unary: true,
        Streams: 16,
        Bytes: 800,
        WarmUp: isSlow(who) ? 20 : 100,
        Seconds: isQuick ? 0.7 : 3,
      }),
  },
  cancel: {
    title: "disconnect to upstream cancel, 10 streams",
    who: FAST,
    points: (_, isQuick) =>
      one({ Kind: "cancel", Streams: 10, GapUs: 5000, Requests: isQuick ? 50 : 500 }),
  },
  idle: {
    title: "4,000 idle streams",
    who: ["nginx", "bun", "deno", "portkey"],
    isFresh: true,
    points: (_, isQuick) =>
      one({ Kind: "window", Streams: isQuick ? 500 : 4000, GapUs: HOUR_US, Seconds: 1 }),
  },
  stuck: {
    title: "one reader that does not read, 100 MB of answer, beside 20 streams every 20 ms",
    who: ["nginx", "bun", "deno"],
    points: (_, isQuick) =>
      (["window", "stuck"] as const).map((Kind) => ({
        name: Kind === "window" ? "without" : "with",
        job: { Kind, Streams: 20, GapUs: 20_000, Seconds: isQuick ? 1 : 4 },
      })),
  },
  start: {
    title: "start to ready",
    who: ["bun", "deno"],
    isFresh: true,
    points: (_, isQuick) =>
      Array.from({ length: isQuick ? 2 : 5 }, () => ({
        name: "",
        job: { Kind: "whole", Streams: 1, Events: 1, Requests: 1, Seconds: 1 },
      })),
  },
  growth: {
    title: "CPU per event, 10,000 events a second in all",
    who: ["nginx", "bun"],
    points: (_, isQuick) =>
      (isQuick ? [1, 100] : GROWTH).map((streams) => ({
        name: String(streams),
        job: {
          Kind: "window",
          Streams: streams,
          GapUs: Math.round((streams * 1e6) / GROWTH_EVENTS_PER_SECOND),
          Seconds: isQuick ? 1 : 4,
        },
      })),
  },
  parts: {
    title: "CPU per event with one part after the other switched on, answers of 200 events",
    who: ["bun"],
    parts: PARTS,
    // Twice a round: what is looked for is smaller than what two windows differ by.
    points: (_, isQuick) =>
      Array.from({ length: isQuick ? 1 : 2 }, () => ({
        name: "",
        job: { Kind: "whole", Streams: 50, Events: 200, GapUs: 5000, Seconds: isQuick ? 0.5 : 4 },
      })),
  },
} as const satisfies Record<string, Row>;

export type RowName = keyof typeof ROWS;
