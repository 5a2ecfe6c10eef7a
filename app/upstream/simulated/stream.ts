/** An answer on Mistral's wire: as chunks, as one body, and as a paced stream of events. */

import type { Answer, Choice } from "./answer.ts";

type Delta = Readonly<Record<string, unknown>>;

const thinkingPart = (text: string) => ({ type: "thinking", thinking: [{ type: "text", text }] });

/** One `chat.completion`, the answer without streaming. */
export function toBody(answer: Answer, created: number): string {
  const choices = answer.choices.map((choice, index) => {
    const text = choice.words.join("");
    const thought = thinkingPart(choice.thinking.join(""));
    const content = choice.thinking.length === 0 ? text : [thought, { type: "text", text }];
    const calls = choice.toolCalls.length === 0 ? null : choice.toolCalls;
    return {
      index,
      finish_reason: choice.finish,
      message: { role: "assistant", tool_calls: calls, content },
    };
  });
  const { id, model, usage } = answer;
  return JSON.stringify({ id, created, model, usage, object: "chat.completion", choices });
}

/**
 * The chunks of an answer as JSON texts, choices taking turns. Usage is in the last chunk, which is
 * the one that finishes the last choice; Mistral sends no chunk for it alone.
 */
export function* toChunks(answer: Answer, created: number): Generator<string> {
  const { id, model, usage } = answer;
  const turns = answer.choices.map((choice) => deltasOf(choice));
  let unfinished = turns.length;
  while (unfinished > 0) {
    for (const [index, turn] of turns.entries()) {
      const next = turn.next();
      if (next.done) continue;
      const { finish_reason, ...delta } = next.value;
      if (finish_reason !== null) unfinished -= 1;
      const choices = [{ index, delta, finish_reason, logprobs: null }];
      const chunk = { id, object: "chat.completion.chunk", created, model, choices };
      yield JSON.stringify(unfinished === 0 ? { ...chunk, usage } : chunk);
    }
  }
}

/** The deltas of one choice, each with its finish reason beside it: null for all but the last. */
function* deltasOf({ thinking, words, toolCalls, finish }: Choice): Generator<Delta> {
  const going = { finish_reason: null };
  const isParts = thinking.length > 0;
  if (!isParts) yield { ...going, role: "assistant", content: "" };
  for (const [i, text] of thinking.entries()) {
    yield { ...going, ...(i === 0 ? { role: "assistant" } : {}), content: [thinkingPart(text)] };
  }
  for (const text of words) yield { ...going, content: isParts ? [{ type: "text", text }] : text };
  if (toolCalls.length > 0) yield { finish_reason: finish, content: null, tool_calls: toolCalls };
  else yield { finish_reason: finish, content: "" };
}

/**
 * Frames chunks as events and ends them with `[DONE]`. One event is made a read, so that a reader
 * that stops is never run ahead of.
 * @param paceMs waited before each event but `[DONE]`, which follows at once; 0 sets no timer
 * @param signal an abort errors the body, as it does with `fetch`
 */
export function toEvents(
  chunks: Iterator<string>,
  paceMs: number,
  signal: AbortSignal,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const utf8 = new TextEncoder();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let onAbort = () => {};
  // A pull whose timer is cleared never settles, which a stream that has ended does not wait for.
  const end = () => {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
  };
  return new ReadableStream(
    {
      start(controller) {
        onAbort = () => {
          end();
          controller.error(signal.reason);
        };
        signal.addEventListener("abort", onAbort);
      },
      async pull(controller) {
        const { done, value } = chunks.next();
        if (done) {
          end();
          controller.enqueue(utf8.encode("data: [DONE]\n\n"));
          return controller.close();
        }
        const send = () => controller.enqueue(utf8.encode(`data: ${value}\n\n`));
        if (paceMs <= 0) return send();
        return new Promise<void>((resolve) => {
          timer = setTimeout(() => resolve(send()), paceMs);
        });
      },
      cancel: end,
    },
    { highWaterMark: 0 },
  );
}
