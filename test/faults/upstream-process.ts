/**
 * An upstream that holds every stream open until it is told to finish them. It is a process of its
 * own, so that neither the gateway nor the test's clients wait for it.
 */

const HEAD = {
  id: "c",
  object: "chat.completion.chunk",
  created: 1,
  model: "mistral-small-latest",
};
const chunk = (content: string, finish_reason: string | null, more: object = {}) => {
  const choices = [{ index: 0, delta: { content }, finish_reason }];
  return `data: ${JSON.stringify({ ...HEAD, choices, ...more })}\n\n`;
};
const usage = { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 };
const FIRST = chunk("held", null);
const LAST = `${chunk("", "stop", { usage })}data: [DONE]\n\n`;

const held = new Set<ReadableStreamDefaultController<Uint8Array>>();
const utf8 = new TextEncoder();

function hold(): Response {
  let own: ReadableStreamDefaultController<Uint8Array>;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      own = controller;
      held.add(controller);
      controller.enqueue(utf8.encode(FIRST));
    },
    cancel: () => void held.delete(own),
  });
  return new Response(body, { headers: { "content-type": "text/event-stream" } });
}

function finish(): Response {
  for (const controller of held) {
    controller.enqueue(utf8.encode(LAST));
    controller.close();
  }
  held.clear();
  return new Response("finished");
}

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  idleTimeout: 0,
  fetch(request) {
    const { pathname } = new URL(request.url);
    if (pathname === "/open") return new Response(String(held.size));
    return pathname === "/finish" ? finish() : hold();
  },
});
console.log(server.url.origin);

export {};
