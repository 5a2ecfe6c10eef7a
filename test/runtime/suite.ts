/** The black-box suite: what any client may hold the server to, on one runtime. */

import { describe } from "bun:test";
import type { RuntimeName } from "../support/gateway.ts";
import { commit } from "./commit.ts";
import { disconnect } from "./disconnect.ts";
import { identity } from "./identity.ts";
import { outcomes } from "./outcomes.ts";
import { requests } from "./requests.ts";
import { resume } from "./resume.ts";

const SUBJECTS = [identity, requests, outcomes, resume, disconnect, commit];

export function suite(runtime: RuntimeName): void {
  describe(`on ${runtime}`, () => {
    for (const subject of SUBJECTS) subject(runtime);
  });
}
