/**
 * Opens streams and checks each to its end. usage: bun streams.ts URL KEY COUNT WORDS
 *
 * Prints `open` once every stream has its first event, and at the end one line of JSON. A stream is
 * whole when its ids are dense from 1 under one stream id, all words are there in order, and `done`
 * came last.
 */

const [url, key, countText, wordsText] = process.argv.slice(2);
const count = Number(countText);
const wordCount = Number(wordsText);
if (url === undefined || key === undefined || !(count > 0) || !(wordCount > 0)) {
  console.error("usage: bun streams.ts URL KEY COUNT WORDS");
  process.exit(64);
}

let opened = 0;
const startedMs = Date.now();
const results = await Promise.all(Array.from({ length: count }, () => follow()));
const whole = results.filter((result) => result.fault === undefined);
const faults = [...new Set(results.flatMap(({ fault }) => fault ?? []))];
const ids = new Set(results.map(({ id }) => id));
console.log(JSON.stringify({ whole: whole.length, distinct: ids.size, seconds: (Date.now() - startedMs) / 1000, faults: faults.slice(0, 5) }));
process.exit(whole.length === count && ids.size === count ? 0 : 1);

async function follow(): Promise<{ id: string; fault?: string }> {
  let id = "";
  try {
    const question = encodeURIComponent(`count to ${wordCount}`);
    const response = await fetch(`${url}/stream?q=${question}`, { headers: { authorization: `Bearer ${key}` } });
    if (!response.ok || response.body === null) return { id, fault: `${response.status} ${await response.text()}` };
    let text = "";
    let hasOpened = false;
    const decoder = new TextDecoder();
    for await (const bytes of response.body) {
      text += decoder.decode(bytes, { stream: true });
      if (!hasOpened && text.includes("\ndata: ")) {
        hasOpened = true;
        if (++opened === count) console.log("open");
      }
    }
    id = response.headers.get("stream-id") ?? "";
    const fault = check(text, id);
    return fault === undefined ? { id } : { id, fault };
  } catch (error) {
    return { id, fault: String(error) };
  }
}

/** What is wrong with a whole stream's text, if anything. */
function check(text: string, id: string): string | undefined {
  const events = text.split("\n\n").filter((event) => /^data: /m.test(event));
  let words = "";
  for (const [i, event] of events.entries()) {
    if (!event.includes(`id: ${id}.${i + 1}`)) return `event ${i + 1} has another id: ${event.slice(0, 120)}`;
    const data = JSON.parse(/^data: (.*)$/m.exec(event)?.[1] ?? "null");
    words += data?.choices?.[0]?.delta?.content ?? "";
  }
  if (!/^event: done$/m.test(events.at(-1) ?? "")) return `the last event is not done: ${events.at(-1)?.slice(0, 200)}`;
  const expected = Array.from({ length: wordCount }, (_, i) => i + 1).join(" ");
  return words === expected ? undefined : `the words are not 1 to ${wordCount}: ${words.slice(-40)}`;
}

// A module, so that await may stand at its top.
export {};
