import { describe, expect, test } from "bun:test";
import { adaptRequest } from "../../app/upstream/adapt.ts";

describe("a request on its way to Mistral", () => {
  test.each([
    [{ model: "m", max_tokens: 1 }, { model: "m", max_tokens: 1 }, []],
    [{ max_completion_tokens: 5 }, { max_tokens: 5 }, ["max_completion_tokens->max_tokens"]],
    [{ seed: 7 }, { random_seed: 7 }, ["seed->random_seed"]],
    [{ seed: 7, random_seed: 8 }, { random_seed: 8 }, ["seed->random_seed"]],
    [
      { max_tokens: 3, max_completion_tokens: 5 },
      { max_tokens: 3 },
      ["max_completion_tokens->max_tokens"],
    ],
    [{ user: "u", store: true }, {}, ["-user", "-store"]],
    [
      {
        service_tier: "x",
        logprobs: 1,
        top_logprobs: 1,
        logit_bias: {},
        modalities: [],
        stream_options: {},
      },
      {},
      [
        "-service_tier",
        "-logprobs",
        "-top_logprobs",
        "-logit_bias",
        "-modalities",
        "-stream_options",
      ],
    ],
    [
      {
        messages: [
          { role: "developer", content: "a", name: "n" },
          { role: "user", content: "b" },
        ],
      },
      {
        messages: [
          { role: "system", content: "a", name: "n" },
          { role: "user", content: "b" },
        ],
      },
      ["messages.role:developer->system"],
    ],
    [
      { messages: "none", unknown: { deep: [1] } },
      { messages: "none", unknown: { deep: [1] } },
      [],
    ],
    [
      { constructor: 1, toString: 2, hasOwnProperty: 3 },
      { constructor: 1, toString: 2, hasOwnProperty: 3 },
      [],
    ],
  ])("%j becomes %j, and says %j", (body, adapted, changes) => {
    expect(adaptRequest(body)).toEqual({ body: adapted, changes });
  });

  test("is the client's own object where nothing had to change", () => {
    const body = { model: "m" };
    expect(adaptRequest(body).body).toBe(body);
  });

  test("does not change the client's messages in place", () => {
    const body = { messages: [{ role: "developer", content: "a" }] };
    adaptRequest(body);
    expect(body.messages[0]?.role).toBe("developer");
  });
});
