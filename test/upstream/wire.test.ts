import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createServers } from "../../app/upstream/breaker.ts";
import { createKeyPool } from "../../app/upstream/key-pool.ts";
import { createAskStream } from "../../app/upstream/mistral.ts";
import { createTransport, type Opened } from "../../app/upstream/transport.ts";

const KEY = "sk-wire";
let server: Server;
let origin: string;
let seen: { request: IncomingMessage; body: string }[] = [];
let answer: (response: ServerResponse) => void;

beforeAll(async () => {
  server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    seen.push({ request, body });
    answer(response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

/** A transport that really goes out. */
function setUp(base = origin) {
  seen = [];
  answer = (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.end("data: [DONE]\n\n");
  };
  return createTransport({
    fetch: (request) => fetch(request),
    servers: createServers([base]),
    keys: createKeyPool(() => [KEY], Date.now),
    clock: Date.now,
    random: () => 0,
    commitMs: 1000,
    onAttempt() {},
  });
}
const signal = () => new AbortController().signal;
const ask = {
  method: "POST",
  path: "/v1/chat/completions",
  body: '{"a":1}',
  isStream: true,
} as const;
const textOf = async (opened: Opened) =>
  "response" in opened ? opened.response.text() : opened.failure.outcome;

describe("on the wire", () => {
  test("a request carries the key, asks for plain bytes, and nothing of the client's", async () => {
    await textOf(await setUp()(ask, signal()));
    const [one] = seen;
    expect(one?.request.headers).toMatchObject({
      authorization: `Bearer ${KEY}`,
      "accept-encoding": "identity",
      accept: "text/event-stream",
      "content-type": "application/json",
      "user-agent": "mistral-stream",
    });
    expect([one?.request.method, one?.request.url, one?.body]).toEqual([
      "POST",
      "/v1/chat/completions",
      '{"a":1}',
    ]);
  });

  test("a base path of the server's stays in front", async () => {
    await textOf(await setUp(`${origin}/base`)(ask, signal()));
    expect(seen[0]?.request.url).toBe("/base/v1/chat/completions");
  });

  test("a redirect is not followed, so the key goes nowhere else", async () => {
    const transport = setUp();
    answer = (response) => response.writeHead(307, { location: `${origin}/elsewhere` }).end();
    expect(await textOf(await transport(ask, signal()))).toBe("upstream_failed");
    expect(seen.map(({ request }) => request.url)).toEqual(["/v1/chat/completions"]);
  });

  test("an abort ends a body in the middle of it", async () => {
    const transport = setUp();
    const closed = Promise.withResolvers<void>();
    answer = (response) => {
      response.on("close", closed.resolve);
      response.writeHead(200, { "content-type": "text/event-stream" }).write("data: {}\n\n");
    };
    const controller = new AbortController();
    const opened = await transport(ask, controller.signal);
    const reading = textOf(opened).catch((thrown) => thrown.name);
    await Bun.sleep(20);
    controller.abort();
    await closed.promise;
    expect(await reading).toBe("AbortError");
  });

  test("an abort before the headers ends the attempt, and there is no second", async () => {
    const transport = setUp();
    answer = () => {};
    const controller = new AbortController();
    const opening = transport(ask, controller.signal);
    await Bun.sleep(20);
    controller.abort();
    expect(await textOf(await opening)).toBe("upstream_failed");
    expect(seen).toHaveLength(1);
  });

  test("a server that is not there is a failure, not an exception", async () => {
    const transport = setUp("http://127.0.0.1:1");
    expect(await textOf(await transport(ask, signal()))).toBe("upstream_failed");
  });
});

describe("the SDK over the transport", () => {
  test("writes the request, and the raw answer goes past it", async () => {
    const askStream = createAskStream(setUp());
    const prompt = {
      q: "Hi",
      model: "mistral-small-latest",
      system: "Be kind.",
      temperature: 0,
      maxTokens: 9,
    };
    expect(await textOf(await askStream(prompt, signal()))).toBe("data: [DONE]\n\n");
    expect(seen[0]?.request.url).toStartWith("/v1/chat/completions");
    expect(JSON.parse(seen[0]?.body ?? "")).toEqual({
      model: "mistral-small-latest",
      messages: [
        { role: "system", content: "Be kind." },
        { role: "user", content: "Hi" },
      ],
      max_tokens: 9,
      temperature: 0,
      stream: true,
    });
  });

  test("passes a refusal on as the transport judged it", async () => {
    const askStream = createAskStream(setUp());
    answer = (response) => response.writeHead(422).end('{"detail":"bad"}');
    const prompt = { q: "Hi", model: "m", system: undefined, temperature: undefined, maxTokens: 9 };
    expect(await textOf(await askStream(prompt, signal()))).toBe("upstream_rejected");
  });
});
