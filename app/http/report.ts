/** What is told of a completion at its end: to the quota, the metrics and the log. */

import type { Told } from "../completions.ts";
import type { Parts } from "./call.ts";

/** What upstream counted, else our own count; nothing where upstream never got to work. */
export function usedTokens({ end, events, countedTokens }: Told, promptTokens: number): number {
  const { usage } = end;
  if (usage !== null) {
    const prompt = amount(usage.prompt_tokens) ?? promptTokens;
    return (
      amount(usage.total_tokens) ?? prompt + (amount(usage.completion_tokens) ?? countedTokens)
    );
  }
  if (events === 0 && end.outcome.startsWith("upstream_")) return 0;
  return promptTokens + countedTokens;
}

/** A number of tokens that can be one; upstream's JSON is not ours. */
function amount(value: unknown): number | undefined {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : undefined;
}

/** One line and one count for every completion, whatever became of it. */
export function report(
  parts: Pick<Parts, "metrics" | "log">,
  who: { requestId: string; streamId: string; principal: string; address: string; model: string },
  { end, events, durationMs, firstEventMs, countedTokens, correlationId }: Told,
): void {
  const promptTokens = amount(end.usage?.prompt_tokens) ?? 0;
  const completionTokens = amount(end.usage?.completion_tokens) ?? countedTokens;
  const { metrics, log } = parts;
  metrics.ended(who.model, end.outcome, durationMs);
  metrics.tokens(who.model, promptTokens, completionTokens);
  if (firstEventMs !== undefined) metrics.firstEvent(who.model, firstEventMs);
  const write = end.outcome === "upstream_auth" ? log.error : log.info;
  write("stream", {
    ...who,
    outcome: end.outcome,
    events,
    durationMs: Math.round(durationMs),
    ...(firstEventMs === undefined ? {} : { firstEventMs: Math.round(firstEventMs) }),
    promptTokens,
    completionTokens,
    ...(correlationId === undefined ? {} : { correlationId }),
    ...(end.failure === undefined ? {} : { code: end.failure.fault.code }),
  });
}
