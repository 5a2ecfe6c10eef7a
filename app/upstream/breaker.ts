/** Upstream's servers in their order, each behind a circuit breaker; the last one always answers. */

import { CircuitState, ConsecutiveBreaker, circuitBreaker, handleAll } from "cockatiel";

/** Failures in a row that open a breaker: a single bad request or pod must not. */
const FAILURES = 5;
/** How long a breaker stays open before one request tries the server again. */
const OPEN_MS = 10_000;

/** One server of upstream. */
export interface Server {
  readonly url: string;
  /** Whether requests go past it for now. */
  isOpen(): boolean;
  /** Lets the breaker count a failure (true) or a success before the first event. */
  watch(failed: Promise<boolean>): void;
}

/** Chooses servers. */
export interface Servers {
  /** The first server that is not `without` and not open, else the last. */
  choose(without: Server | undefined): Server;
  readonly all: readonly Server[];
}

/** @param urls origins, tried in order */
export function createServers(urls: readonly string[]): Servers {
  const all = urls.map(createServer);
  return {
    all,
    choose(without) {
      const others = all.length > 1 ? all.filter((server) => server !== without) : all;
      return others.find((server) => !server.isOpen()) ?? (others.at(-1) as Server);
    },
  };
}

function createServer(url: string): Server {
  const breaker = circuitBreaker(handleAll, {
    halfOpenAfter: OPEN_MS,
    breaker: new ConsecutiveBreaker(FAILURES),
  });
  let openedMs = 0;
  breaker.onBreak(() => {
    openedMs = Date.now();
  });
  return {
    url,
    isOpen() {
      if (breaker.state === CircuitState.HalfOpen) return true;
      return breaker.state === CircuitState.Open && Date.now() - openedMs < OPEN_MS;
    },
    watch(failed) {
      const outcome = async () => {
        if (await failed) throw new Error("failed before the first event");
      };
      // The breaker only keeps count here; what failed is told by the transport.
      breaker.execute(outcome).catch(() => {});
    },
  };
}
