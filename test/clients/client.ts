/** What every SDK under test is asked to do, and what it tells afterwards, in words of no SDK. */

/** One completion to ask for, through an SDK. */
export interface Ask {
  /** The gateway's origin, without a path. */
  readonly url: string;
  readonly key: string;
  readonly prompt: string;
  readonly stream: boolean;
  readonly model?: string;
  /** Offer the tool `weather`, with one parameter `city`. */
  readonly tool?: boolean;
  readonly json?: boolean;
  /** Leave after this many pieces of text, as a user who presses stop. */
  readonly stopAfter?: number;
  /** Retries by the SDK itself; none when absent. */
  readonly retries?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What the SDK handed to its caller. */
export interface Told {
  readonly text: string;
  /** Pieces of text; 1 without streaming. */
  readonly pieces: number;
  readonly finish: string | null;
  /** Tokens of the answer, as the usage says. */
  readonly tokens: number | null;
  readonly calls: readonly { readonly name: string; readonly arguments: string }[];
  /** When the client left, in epoch milliseconds. */
  readonly leftAt: number | null;
  /** What the SDK raised, as its own class has it. */
  readonly error: Raised | null;
}

export interface Raised {
  readonly class: string;
  readonly status: number | null;
  readonly code: string | null;
  readonly message: string;
  readonly requestId: string | null;
}

/** An SDK behind the one seam that the contract needs. */
export interface Client {
  ask(ask: Ask): Promise<Told>;
  models(url: string, key: string): Promise<readonly string[]>;
  close(): Promise<void>;
}

export const MODEL = "mistral-small-latest";

/** The one tool that clients offer, on the wire that both SDK families share. */
export const TOOL = {
  type: "function" as const,
  function: {
    name: "weather",
    description: "The weather of a city",
    parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  },
};
