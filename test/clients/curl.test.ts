/** curl on `/stream` and `/v1`: what somebody at a shell sees. */

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { MODEL } from "./client.ts";
import { openStage, type Stage, until } from "./stage.ts";

setDefaultTimeout(20_000);

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage?.close());

const authorization = () => ["-H", `authorization: Bearer ${stage.key}`];
const toStream = (q: string) => [
  ...authorization(),
  `${stage.url}/stream?q=${encodeURIComponent(q)}`,
];
const toChat = (prompt: string) => [
  ...authorization(),
  ...["-H", "content-type: application/json"],
  ...[
    "-d",
    JSON.stringify({ model: MODEL, stream: true, messages: [{ role: "user", content: prompt }] }),
  ],
  `${stage.url}/v1/chat/completions`,
];

/** Starts curl, silent and unbuffered; what it has printed grows while it runs. */
function curl(...args: string[]) {
  const child = Bun.spawn(["curl", "-sSN", ...args], { stdout: "pipe", stderr: "pipe" });
  const printed = { text: "" };
  const reading = (async () => {
    const utf8 = new TextDecoder();
    for await (const bytes of child.stdout) printed.text += utf8.decode(bytes, { stream: true });
  })();
  const ended = reading.then(async () => ({ text: printed.text, status: await child.exited }));
  return { child, printed, ended };
}

const wordsOf = (text: string) =>
  Array.from(text.matchAll(/"content":"([^"]+)"/g), ([, word]) => word).join("");

const TWENTY = Array.from({ length: 20 }, (_, i) => i + 1).join(" ");

describe("curl -N", () => {
  test("prints events of /stream as they come", async () => {
    const { printed, ended } = curl(...toStream("count to 20 fault:slow:50"));
    await until(() => (wordsOf(printed.text).startsWith("1 2 3") ? true : undefined));
    expect(wordsOf(printed.text)).not.toContain("15");
    const { text, status } = await ended;
    expect(status).toBe(0);
    expect(text).toStartWith("retry: 2000\nid: ");
    expect(wordsOf(text)).toBe(TWENTY);
    expect(text).toContain('event: done\ndata: {"finish_reason":"stop"');
  });

  test("prints upstream's own bytes of /v1/chat/completions", async () => {
    const { text, status } = await curl(...toChat("count to 20")).ended;
    expect(status).toBe(0);
    expect(wordsOf(text)).toBe(TWENTY);
    expect(text).not.toMatch(/^(id|event|retry):/m);
    expect(text).toEndWith("data: [DONE]\n\n");
  });

  test.each([
    ["/stream", toStream],
    ["/v1/chat/completions", toChat],
  ])("speaks HTTP/1.0 to %s and gets the whole answer", async (_, to) => {
    const { text, status } = await curl("-0", ...to("count to 20")).ended;
    expect(status).toBe(0);
    expect(wordsOf(text)).toBe(TWENTY);
    expect(text).toMatch(/event: done\n|data: \[DONE\]\n\n$/);
  });

  test("-f ends with 22 on a refusal, and --fail-with-body shows why", async () => {
    const { text, status } = await curl(
      "--fail-with-body",
      "-H",
      "authorization: Bearer ms_wrong",
      `${stage.url}/stream?q=hi`,
    ).ended;
    expect(status).toBe(22);
    expect(JSON.parse(text)).toMatchObject({
      code: "unauthenticated",
      error: { code: "unauthenticated" },
    });
  });
});

test("Ctrl-C on curl in mid-answer cancels upstream within 100 ms and gives the slot back", async () => {
  const prompt = "curl: count to 2000 fault:slow:20";
  const { child, printed, ended } = curl(...toChat(prompt));
  await until(() => (wordsOf(printed.text).startsWith("1 2 3") ? true : undefined));
  const leftAt = Date.now();
  child.kill("SIGINT");
  await ended;
  expect((await stage.left(prompt)) - leftAt).toBeLessThan(100);
  await until(async () => ((await stage.slots()) === 0 ? true : undefined), 100);
});
