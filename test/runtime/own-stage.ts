/** A gateway and its upstream for one test alone, for what a pair that others use would not survive. */

import { type GatewayOptions, startGateway, type TestGateway } from "../support/gateway.ts";
import { startUpstream, type Upstream } from "../support/upstream.ts";
import { expectDiscreet } from "./told.ts";

/** A pair that ends with the block that declared it. */
export interface OwnStage extends AsyncDisposable {
  readonly gateway: TestGateway;
  readonly upstream: Upstream;
}

/** Starts a pair; at its end the log is looked through as everywhere. */
export async function ownStage(
  options: GatewayOptions & { readonly paceMs?: number },
): Promise<OwnStage> {
  const upstream = await startUpstream({ paceMs: options.paceMs ?? 0 });
  const env = { MISTRAL_SERVER_URL: upstream.url, ...options.env };
  const gateway = await startGateway({ ...options, env });
  return {
    gateway,
    upstream,
    async [Symbol.asyncDispose]() {
      await gateway.stop();
      await upstream.close();
      expectDiscreet(gateway);
    },
  };
}
