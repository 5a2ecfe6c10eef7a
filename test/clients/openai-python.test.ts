import { contract } from "./contract.ts";
import { createPython } from "./python.ts";

contract("openai (PyPI)", () => createPython("openai_client.py"), {
  unauthenticated: "AuthenticationError",
  limited: "RateLimitError",
  rejected: "UnprocessableEntityError",
  failed: "InternalServerError",
  broken: "APIError",
});
