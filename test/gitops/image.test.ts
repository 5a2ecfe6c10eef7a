/** The real Dockerfile, built and run as the cluster does. */

import { expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { ROOT } from "./tree.ts";

// Cold, Debian's packages for containers and the base are fetched first.
setDefaultTimeout(300_000);

test("the image runs restricted, streams, lets an open stream end after SIGTERM, and exits 0", () => {
  const { exitCode, stdout, stderr } = Bun.spawnSync([join(ROOT, "scripts/image-smoke")], {
    cwd: ROOT,
  });
  expect(stderr.toString().replace(/^installing from Debian:.*\n/, "")).toBe("");
  expect(exitCode).toBe(0);
  expect(stdout.toString()).toMatch(/^image \d+ MB, ready in \d+ ms, \d+ MiB resident\n$/);
});
