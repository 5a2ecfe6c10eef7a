/** Embeddings of the simulation: unit vectors that follow from the text alone. */

import { letters, seeded, toWords } from "./words.ts";

/** A request after validation. */
export interface EmbeddingRequest {
  readonly model: string;
  readonly input: string | readonly string[];
  readonly output_dimension?: number | null;
  readonly encoding_format?: string;
}

/** The dimension of `mistral-embed`. */
const DIMENSION = 1024;

/** The body of `POST /v1/embeddings`; `base64` is little-endian float32, which OpenAI's SDKs ask for. */
export function embed(request: EmbeddingRequest): string {
  const inputs = [request.input].flat() as string[];
  const data = inputs.map((text, index) => {
    const vector = vectorOf(text, request.output_dimension ?? DIMENSION);
    const embedding = request.encoding_format === "base64" ? toBase64(vector) : [...vector];
    return { object: "embedding", embedding, index };
  });
  const tokens = inputs.reduce((sum, text) => sum + toWords(text).length, 0);
  const usage = { prompt_tokens: tokens, total_tokens: tokens, completion_tokens: 0 };
  const id = letters("0123456789abcdef", 32, seeded(JSON.stringify(request)));
  return JSON.stringify({ id, object: "list", data, model: request.model, usage });
}

function vectorOf(text: string, dimension: number): Float32Array<ArrayBuffer> {
  const random = seeded(text);
  const raw = Float32Array.from({ length: dimension }, () => random() - 0.5);
  const length = Math.hypot(...raw);
  return raw.map((x) => x / length);
}

/** Both runtimes run on little-endian machines only, so the array's own bytes are the format. */
function toBase64(vector: Float32Array<ArrayBuffer>): string {
  return btoa(String.fromCharCode(...new Uint8Array(vector.buffer)));
}
