import { contract } from "./contract.ts";
import { createPython } from "./python.ts";

contract("mistralai (PyPI)", () => createPython("mistral_client.py"), {
  unauthenticated: "SDKError",
  limited: "SDKError",
  rejected: "HTTPValidationError",
  failed: "SDKError",
  broken: null,
});
