import { contract } from "./contract.ts";
import { createOpenAi } from "./openai.ts";

contract("openai (npm)", createOpenAi, {
  unauthenticated: "AuthenticationError",
  limited: "RateLimitError",
  rejected: "UnprocessableEntityError",
  failed: "InternalServerError",
  broken: "APIError",
});
