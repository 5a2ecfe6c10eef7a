/** The model cards of the simulation, in the shape of `BaseModelCard` of Mistral's OpenAPI description. */

const card = (
  id: string,
  aliases: readonly string[],
  contextTokens: number,
  temperature: number | null,
  can: readonly string[],
) => ({
  id,
  object: "model",
  created: 1_767_225_600,
  owned_by: "mistralai",
  capabilities: {
    completion_chat: can.includes("chat"),
    completion_fim: can.includes("fim"),
    function_calling: can.includes("tools"),
    fine_tuning: false,
    vision: can.includes("vision"),
    classification: false,
  },
  name: aliases[0] ?? id,
  description: `Simulated ${id}`,
  max_context_length: contextTokens,
  aliases,
  deprecation: null,
  default_model_temperature: temperature,
  type: "base",
});

/** What `GET /v1/models` lists. */
export const CARDS = [
  card("mistral-large-latest", ["mistral-large-2512"], 262_144, 0.7, ["chat", "tools", "vision"]),
  card("mistral-medium-latest", ["mistral-medium-2508"], 131_072, 0.3, ["chat", "tools", "vision"]),
  card("mistral-small-latest", ["mistral-small-2506"], 131_072, 0.3, ["chat", "tools", "vision"]),
  card("codestral-latest", ["codestral-2508"], 262_144, 0.3, ["chat", "tools", "fim"]),
  card("magistral-medium-latest", ["magistral-medium-2509"], 131_072, 0.7, [
    "chat",
    "tools",
    "vision",
  ]),
  card("ministral-8b-latest", ["ministral-8b-2512"], 262_144, 0.3, ["chat", "tools"]),
  card("mistral-embed", ["mistral-embed-2312"], 8192, null, []),
] as const;

/** Whether a model, by its name or an alias, serves a route. */
export function serves(model: string, route: "chat" | "fim" | "embeddings"): boolean {
  const found = CARDS.find(({ id, aliases }) => id === model || aliases.includes(model));
  if (found === undefined) return false;
  const { completion_chat, completion_fim } = found.capabilities;
  return { chat: completion_chat, fim: completion_fim, embeddings: found.id === "mistral-embed" }[
    route
  ];
}
