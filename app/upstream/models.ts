/** Names of Mistral's models that metrics show by name; any other model is `other` there. */
export const MODELS: readonly string[] = [
  "mistral-large-latest",
  "mistral-medium-latest",
  "mistral-small-latest",
  "magistral-medium-latest",
  "magistral-small-latest",
  "ministral-8b-latest",
  "ministral-3b-latest",
  "codestral-latest",
  "devstral-medium-latest",
  "pixtral-large-latest",
  "mistral-embed",
];
