import { describe, expect, test } from "bun:test";
import { createLog, type LogFields } from "../../app/telemetry/log.ts";

function setUp(level: Parameters<typeof createLog>[0] = "debug") {
  const lines: string[] = [];
  const log = createLog(level, (line) => lines.push(line));
  return { log, lines, last: () => JSON.parse(lines.at(-1) ?? "null") as Record<string, unknown> };
}

describe("the log", () => {
  test("is one line of JSON each, with the time, the level, the message and the fields", () => {
    const { log, lines, last } = setUp();
    log.info("stream", { principal: "web", durationMs: 5, detail: "two\nlines" });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toEndWith("}\n");
    expect(lines[0]?.trimEnd()).not.toContain("\n");
    expect(last()).toMatchObject({
      msg: "stream",
      principal: "web",
      durationMs: 5,
      detail: "two\nlines",
    });
    expect(Object.keys(last()).toSorted()).toEqual([
      "detail",
      "durationMs",
      "level",
      "msg",
      "principal",
      "time",
    ]);
    expect(Number.isNaN(Date.parse(String(last()["time"])))).toBe(false);
  });

  test.each([
    "authorization",
    "Authorization",
    "prompt",
    "content",
    "key",
    "headers",
    "q",
    "messages",
    "err",
    "__proto__",
    "constructor",
  ])("drops the field %s, which is not on the list", (name) => {
    const { log, lines, last } = setUp();
    const fields = JSON.parse(`{"status":200,${JSON.stringify(name)}:"sk-secret"}`);
    for (const write of [log.info, log.warn, log.error, log.debug]) write("x", fields as LogFields);
    expect(lines.join("")).not.toContain("sk-secret");
    expect(last()["status"]).toBe(200);
  });

  test("keeps quiet below its level", () => {
    const { log, lines } = setUp("warn");
    log.debug("no");
    log.info("no");
    log.warn("yes");
    log.error("yes");
    expect(lines).toHaveLength(2);
    const silent = setUp("silent");
    silent.log.error("no");
    expect(silent.lines).toEqual([]);
  });

  test("takes a line without fields", () => {
    const { log, last } = setUp();
    log.warn("alone");
    expect(last()["msg"]).toBe("alone");
  });
});
