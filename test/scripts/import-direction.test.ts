import { expect, test } from "bun:test";
import { faultsOf } from "../../scripts/lib/import-direction.ts";

test.each([
  ["core/a.ts", 'import { b } from "./b.ts";'],
  ["core/a.ts", 'import { Type } from "@sinclair/typebox";'],
  ["stores/memory.ts", 'import type { Frame } from "../core/frame.ts";'],
  ["telemetry/log.ts", 'import type { LogLevel } from "../config.ts";'],
  ["upstream/simulated/a.ts", 'import { b } from "../transport.ts";'],
  ["relay.ts", 'import { a } from "./stores/store.ts";\nimport { b } from "./deadlines.ts";'],
  ["http/app.ts", 'import { Elysia } from "elysia";\nimport { cors } from "@elysiajs/cors";'],
  ["http/app.ts", 'import {\n  a,\n  b,\n} from "../relay.ts";'],
  ["gateway.ts", 'import { createApp } from "./http/app.ts";'],
  ["process.ts", 'const a = await import("./upstream/simulated/simulated.ts");'],
  ["main.ts", 'import { run } from "./process.ts";\nBun.serve({});'],
  ["relay.ts", "// On Bun.serve this would be slower.\n/** Deno.serve, too. */"],
  ["playground/page.html", "<p>Bun.serve</p>"],
])("%s may say %j", (file, text) => {
  expect(faultsOf(file, `${text}\n`)).toEqual([]);
});

test.each([
  ["core/a.ts", 'import { b } from "../stores/memory.ts";', "imports stores/memory.ts"],
  ["core/a.ts", 'import type { Config } from "../config.ts";', "imports config.ts"],
  ["core/a.ts", 'import { createHash } from "node:crypto";', "imports node:crypto; core/ is pure"],
  ["stores/a.ts", 'import { b } from "../upstream/b.ts";', "imports upstream/b.ts"],
  ["stores/a.ts", 'import {\n  b,\n  c,\n} from "../relay.ts";', "imports relay.ts"],
  ["stores/a.ts", 'export * from "../http/app.ts";', "imports http/app.ts"],
  ["upstream/simulated/a.ts", 'await import("../../relay.ts");', "imports relay.ts"],
  ["relay.ts", 'import "./http/app.ts";', "imports http/app.ts"],
  ["relay.ts", 'import type { Gateway } from "./gateway.ts";', "imports gateway.ts"],
  ["http/a.ts", 'import { b } from "../gateway.ts";', "imports gateway.ts"],
  ["http/a.ts", 'import { b } from "../../test/support/b.ts";', "imports ../test/support/b.ts"],
  ["gateway.ts", 'import { run } from "./process.ts";', "imports process.ts"],
  [
    "gateway.ts",
    'import { Elysia } from "elysia";',
    "imports elysia; Elysia is named only under http/",
  ],
  [
    "gateway.ts",
    'import { cors } from "@elysiajs/cors";',
    "imports @elysiajs/cors; Elysia is named only under http/",
  ],
  [
    "http/a.ts",
    "const version = Bun.version;",
    "names a runtime; only main.ts and main.deno.ts may",
  ],
  ["process.ts", "Deno.exit(1);", "names a runtime; only main.ts and main.deno.ts may"],
  [
    "core/a.ts",
    'import { test } from "bun:test";',
    "names a runtime; only main.ts and main.deno.ts may",
  ],
  ["strange/a.ts", "", "is in no known layer; name it in scripts/lib/import-direction.ts"],
  ["http/a.ts", "\n".repeat(200), "201 lines; 200 is the most"],
])("%s may not say %j", (file, text, fault) => {
  expect(faultsOf(file, `${text}\n`)).toEqual([fault]);
});
