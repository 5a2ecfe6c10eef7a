/** The black-box suite: what any client may hold the server to, on one runtime. */

import { describe } from "bun:test";
import type { RuntimeName } from "../support/gateway.ts";
import { body } from "./body.ts";
import { commit } from "./commit.ts";
import { config } from "./config.ts";
import { disconnect } from "./disconnect.ts";
import { drain } from "./drain.ts";
import { heartbeat } from "./heartbeat.ts";
import { idempotency } from "./idempotency.ts";
import { identity } from "./identity.ts";
import { limits } from "./limits.ts";
import { outcomes } from "./outcomes.ts";
import { reload } from "./reload.ts";
import { requests } from "./requests.ts";
import { reset } from "./reset.ts";
import { resume } from "./resume.ts";
import { routes } from "./routes.ts";
import { secrets } from "./secrets.ts";
import { transport } from "./transport.ts";

const SUBJECTS = [
  identity,
  requests,
  outcomes,
  resume,
  disconnect,
  commit,
  heartbeat,
  body,
  routes,
  transport,
  limits,
  reset,
  drain,
  reload,
  idempotency,
  config,
  secrets,
];

export function suite(runtime: RuntimeName): void {
  describe(`on ${runtime}`, () => {
    for (const subject of SUBJECTS) subject(runtime);
  });
}
