import { describe, expect, test } from "bun:test";
import { failure } from "../../app/core/fault.ts";
import { chunkOf } from "../support/frames.ts";
import { infoOf, joined } from "../support/logs.ts";
import { createUpstream } from "./fake-upstream.ts";
import { setUp } from "./set-up.ts";

describe("a completion", () => {
  test("that nobody ever joins does not run on", async () => {
    const { start, outcomes, upstreams } = setUp();
    start("a");
    // Kept alive by upstream for longer than a reader takes to join.
    for (let i = 0; i < 8 && outcomes("a").length === 0; i++) {
      upstreams.get("a")?.send(chunkOf("x"));
      await Bun.sleep(150);
    }
    expect(outcomes("a")).toEqual(["client_gone"]);
    expect(upstreams.get("a")?.isCancelled()).toBe(true);
  });

  test("whose books are broken still tells its readers the end", async () => {
    const { completions, bugs } = setUp();
    const upstream = createUpstream();
    const log = completions.start({
      ...infoOf("b"),
      digest: "d",
      choices: 1,
      graceMs: 0,
      open: async () => ({ response: upstream.response, report() {} }),
      settle() {
        throw new Error("books");
      },
    });
    joined(log);
    await completions.cancel("b", failure("cancelled", "enough"));
    expect(log.end()?.outcome).toBe("cancelled");
    expect(bugs.map(String)).toEqual(["Error: books"]);
  });
});
