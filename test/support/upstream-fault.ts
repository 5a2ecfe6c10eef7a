/** Which fault a request meets: by the script of the test, or by a directive in its prompt. */

/** A fault and its arguments, as written after `fault:`: `cut:3`, `status:429:2`; `ok` is none. */
export type FaultName = string;

/** Chooses the fault of each request. */
export interface FaultScript {
  script(faults: FaultName | readonly FaultName[] | null): void;
  /** @param body the request's JSON text */
  next(body: string): FaultName;
}

// Arguments are numbers; several faults after commas are played one a request with that same prompt.
const DIRECTIVE = /fault:([a-z0-9-]+(?::[0-9.]+)*(?:,[a-z0-9-]+(?::[0-9.]+)*)*)/;

export function createFaultScript(): FaultScript {
  let scripted: FaultName[] = [];
  const asked = new Map<string, number>();
  return {
    script(faults) {
      scripted = faults === null ? [] : [faults].flat();
    },
    next(body) {
      const first = scripted.shift();
      if (first !== undefined) return first;
      const prompt = promptOf(body);
      const directive = DIRECTIVE.exec(prompt)?.[1];
      if (directive === undefined) return "ok";
      const faults = directive.split(",");
      const times = asked.get(prompt) ?? 0;
      asked.set(prompt, times + 1);
      return faults[Math.min(times, faults.length - 1)] as FaultName;
    },
  };
}

/** The last user message, the prompt (FIM) or the input (embeddings), as text. */
function promptOf(body: string): string {
  try {
    const { messages, prompt, input } = JSON.parse(body);
    const last = messages?.findLast((message: { role: string }) => message.role === "user");
    return JSON.stringify(last?.content ?? prompt ?? input ?? "");
  } catch {
    return "";
  }
}
