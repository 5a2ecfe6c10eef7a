import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { temporaryFolders } from "../support/folder.ts";
import { join } from "node:path";
import { Mistral } from "@mistralai/mistralai";
import { type Recording, readRecordings } from "../../app/upstream/simulated/replay.ts";
import { createSimulated } from "../../app/upstream/simulated/simulated.ts";
import { startUpstream, type Upstream } from "../support/upstream.ts";
import { type Body, post, chat } from "./simulated-requests.ts";

const temporaryFolder = temporaryFolders();

const FOLDERS = [
  join(import.meta.dir, "../fixtures/recorded"),
  join(import.meta.dir, "../../../shared/reference/recorded"),
];

describe.each(FOLDERS.filter(existsSync))("replay of %s", (folder) => {
  const recordings = readRecordings(folder);
  const replayed = createSimulated({ paceMs: 0, replay: recordings });
  const framed = ({ chunks }: Recording) =>
    [...chunks, "[DONE]"].map((chunk) => `data: ${chunk}\n\n`).join("");
  const askFor = async (body: Body) =>
    (await replayed(post("/v1/chat/completions", { ...body, stream: true }))).text();

  test("request k gets recording k mod N, byte for byte", async () => {
    for (const recording of [...recordings, ...recordings])
      expect(await askFor(chat("x"))).toBe(framed(recording));
  });

  test.each(recordings.map((recording) => [recording.name, recording] as const))(
    "%s by name",
    async (name, recording) => {
      expect(await askFor(chat(name))).toBe(framed(recording));
      expect(await askFor(chat("x", { model: name }))).toBe(framed(recording));
      const whole = await (await replayed(post("/v1/chat/completions", chat(name)))).text();
      if (recording.body !== undefined) expect(whole).toBe(recording.body);
      else expect(JSON.parse(whole).object).toBe("chat.completion");
    },
  );
});

test("a folder without a recording, and a recording without a chunk, say so", () => {
  const folder = temporaryFolder();
  expect(() => readRecordings(folder)).toThrow("holds no *.chunks.txt");
  writeFileSync(join(folder, "a.chunks.txt"), "\r\n\n");
  expect(() => readRecordings(folder)).toThrow("a.chunks.txt holds no chunk");
  expect(() => readRecordings(join(folder, "missing"))).toThrow("missing");
});

test("recordings come in the order of their names, whatever the order on disk", () => {
  const folder = temporaryFolder();
  for (const name of ["m", "z", "a", "k"])
    writeFileSync(join(folder, `${name}.chunks.txt`), "{}\n");
  expect(readRecordings(folder).map(({ name }) => name)).toEqual(["a", "k", "m", "z"]);
});

describe("Mistral's own SDK over a port", () => {
  let upstream: Upstream;
  beforeAll(async () => {
    upstream = await startUpstream();
  });
  afterAll(() => upstream.close());

  test("streams, completes, embeds and lists", async () => {
    const mistral = new Mistral({ apiKey: "key", serverURL: upstream.url });
    const request = {
      model: "mistral-small-latest",
      messages: [{ role: "user" as const, content: "count to 20" }],
    };
    let text = "";
    let finish: unknown;
    let tokens: unknown;
    for await (const { data } of await mistral.chat.stream(request)) {
      text += data.choices[0]?.delta.content;
      finish = data.choices[0]?.finishReason;
      tokens = data.usage?.totalTokens;
    }
    expect([text.split(" ").length, finish, tokens]).toEqual([20, "stop", 23]);
    expect((await mistral.chat.complete(request)).choices?.[0]?.message?.content).toBe(text);
    expect(
      (await mistral.embeddings.create({ model: "mistral-embed", inputs: "x" })).data[0]?.embedding,
    ).toHaveLength(1024);
    expect((await mistral.models.list()).data).toHaveLength(7);
    await expect(mistral.chat.complete({ ...request, model: "nope" })).rejects.toThrow(
      "Invalid model",
    );
    expect(upstream.requests[0]?.authorization).toBe("Bearer key");
    expect(upstream.open()).toBe(0);
  });
});
