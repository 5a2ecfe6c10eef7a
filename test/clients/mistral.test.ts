import { contract } from "./contract.ts";
import { createMistral } from "./mistral.ts";

contract("@mistralai/mistralai (npm)", createMistral, {
  unauthenticated: "SDKError",
  limited: "SDKError",
  rejected: "HTTPValidationError",
  failed: "SDKError",
  broken: null,
});
