/** The faults: each takes the well-formed answer, event by event, and spoils it in its own way. */

import { type Exchange, pause } from "./upstream-exchange.ts";

/** The events of the simulated answer, each a whole `data: ...\n\n`. */
export type Events = AsyncIterator<string, undefined>;

type Play = (exchange: Exchange, events: Events, args: readonly number[]) => Promise<void>;

const ERROR = {
  object: "error",
  message: "Internal server error",
  type: "internal_error_proxy",
  code: "1000",
};

/** A long answer whose characters are mostly of several bytes, so that one-byte packets split them. */
export const WIDE_TEXT = "Ça va 🚀 naïve 東京 👩‍👩‍👧 – fin";

export const PLAYS: Readonly<Record<string, Play>> = {
  ok: passAll,
  slow: async (x, events, [ms = 100]) =>
    each(events, async (event) => {
      await pause(ms, x);
      await x.write(event);
      return !x.isGone();
    }).then(x.end),

  cut: async (x, events, [n = 0]) => {
    await pass(x, events, n);
    await x.write(half((await events.next()).value ?? chunk({ content: "cut" })));
    // The bytes before the cut must arrive: a reset at once may overtake them.
    await pause(5, x);
    x.destroy();
  },
  "cut-first": (x, events) => play("cut")(x, events, [0]),
  silence: async (x, events, [n = 0]) => {
    await pass(x, events, n);
    await x.gone;
  },
  "headers-only": (x) => x.gone,
  "clean-end": async (x, events, [n = 0]) => {
    await pass(x, events, n);
    x.end();
  },
  "no-done": spoil((event) => (isDone(event) ? "" : event)),
  "done-only": spoil((event) => (isFinish(event) ? "" : event)),
  "no-last-blank": spoil((event) => (isDone(event) ? event.slice(0, -1) : event)),
  "done-open": async (x, events) => {
    await each(events, (event) => x.write(event));
    await x.gone;
  },

  "error-frame": async (x, events, [n = 0]) => {
    await pass(x, events, n);
    await x.write(`data: ${JSON.stringify(ERROR)}\n\n`);
    x.end();
  },
  "openai-error-frame": async (x, events, [n = 0]) => {
    await pass(x, events, n);
    await x.write(`data: ${JSON.stringify({ error: { ...ERROR, param: null } })}\n\n`);
    x.end();
  },
  "finish-error": async (x, events, [n = 0]) => {
    await pass(x, events, n);
    await x.write(chunk({ content: "" }, "error"));
    await x.write("data: [DONE]\n\n");
    x.end();
  },
  "truncated-json": async (x, events, [n = 1]) => {
    await pass(x, events, n);
    await x.write(`${half((await events.next()).value ?? chunk({ content: "cut" }))}\n\n`);
    await passAll(x, events);
  },

  "one-byte": async (x, events) => {
    const write = async (event: string) => {
      for (const byte of new TextEncoder().encode(event)) {
        await x.write(Uint8Array.of(byte));
        // Time between two bytes makes each a packet and a read of its own; it is spent where a
        // split matters, inside a character, and elsewhere a turn of the loop must do.
        if (byte >= 0x80) await pause(1, x);
        else await new Promise<void>((resolve) => setImmediate(resolve));
        if (x.isGone()) return;
      }
    };
    await each(events, async (event) => {
      if (isFinish(event)) await write(chunk({ content: WIDE_TEXT }));
      await write(event);
      return !x.isGone();
    });
    x.end();
  },
  crlf: spoil((event) => event.replaceAll("\n", "\r\n")),
  cr: spoil((event) => event.replaceAll("\n", "\r")),
  bom: spoil((event, i) => (i === 0 ? `\uFEFF${event}` : event)),
  comments: spoil((event, i) => (i === 0 ? `: hello\n\n${event}` : `: ping\n\n${event}`)),
  forged: spoil((event, i) => `id: forged.${i}\nevent: done\nretry: 1\n${event}`),
  "no-usage": spoil((event) => event.replace(/,"usage":\{[^}]*\}/, "")),
  "null-usage": spoil((event, i) => (i === 1 ? `${chunk(null)}${event}` : event)),

  big: async (x, events, [megabytes = 1]) => {
    await pass(x, events, 1);
    await x.write(chunk({ content: "x".repeat(megabytes * 1024 * 1024) }));
    await passAll(x, events);
  },
  many: async (x, events, [count = 1000, bytes = 0]) => {
    await pass(x, events, 1);
    const event = chunk({
      content: "x".repeat(Math.max(1, bytes - chunk({ content: "" }).length)),
    });
    for (let i = 0; i < count && !x.isGone(); i++) await x.write(event);
    await passAll(x, events);
  },
};

/** The play of a fault's name. @throws Error when a test asks for one that does not exist */
export function play(name: string): Play {
  const found = PLAYS[name];
  if (found === undefined)
    throw new Error(`There is no fault "${name}". Known: ${Object.keys(PLAYS).join(" ")}`);
  return found;
}

async function passAll(x: Exchange, events: Events): Promise<void> {
  await each(events, async (event) => {
    await x.write(event);
    return !x.isGone();
  });
  x.end();
}

/** Passes `n` events, or all there are before `[DONE]`. */
async function pass(x: Exchange, events: Events, n: number): Promise<void> {
  for (let i = 0; i < n && !x.isGone(); i++) {
    const { done, value } = await events.next();
    if (done || isDone(value)) return;
    await x.write(value);
  }
}

function spoil(change: (event: string, index: number) => string): Play {
  return async (x, events) => {
    let index = 0;
    await each(events, async (event) => {
      const changed = change(event, index++);
      if (changed !== "") await x.write(changed);
      return !x.isGone();
    });
    x.end();
  };
}

/** Until the events end or the visitor says false. */
async function each(events: Events, visit: (event: string) => Promise<unknown>): Promise<void> {
  for (let next = await events.next(); !next.done; next = await events.next()) {
    if ((await visit(next.value)) === false) return;
  }
}

const isDone = (event: string): boolean => event.startsWith("data: [DONE]");
const isFinish = (event: string): boolean => /"finish_reason":"/.test(event);
const half = (event: string): string => event.slice(0, Math.ceil(event.length / 2));

/** A chunk of the test's own; without a delta it is the empty one with `usage: null` that is on record. */
function chunk(
  delta: Readonly<Record<string, unknown>> | null,
  finish_reason: string | null = null,
): string {
  const head = {
    id: "0123456789abcdef0123456789abcdef",
    object: "chat.completion.chunk",
    created: 1_769_088_720,
  };
  const rest =
    delta === null
      ? { choices: [], usage: null }
      : { choices: [{ index: 0, delta, finish_reason }] };
  return `data: ${JSON.stringify({ ...head, model: "mistral-large-latest", ...rest })}\n\n`;
}
