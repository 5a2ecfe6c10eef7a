import { afterEach, describe, expect, setSystemTime, test } from "bun:test";
import { createServers, type Server } from "../../app/upstream/breaker.ts";

const A = "http://a";
const B = "http://b";

async function watch(server: Server | undefined, ...failed: boolean[]): Promise<void> {
  for (const one of failed) {
    server?.watch(Promise.resolve(one));
    await Bun.sleep(0);
  }
}
const five = [true, true, true, true, true];

describe("the breaker", () => {
  afterEach(() => {
    setSystemTime();
  });

  test("sends requests past a server after five failures in a row, not after four", async () => {
    const servers = createServers([A, B]);
    const [a] = servers.all;
    await watch(a, true, true, true, true);
    expect(servers.choose(undefined).url).toBe(A);
    await watch(a, true);
    expect(servers.choose(undefined).url).toBe(B);
  });

  test("counts only failures in a row", async () => {
    const servers = createServers([A, B]);
    await watch(servers.all[0], true, true, true, true, false, true, true, true, true);
    expect(servers.choose(undefined).url).toBe(A);
  });

  test("never leaves a request without a server", async () => {
    const servers = createServers([A, B]);
    await watch(servers.all[0], ...five);
    await watch(servers.all[1], ...five);
    expect(servers.choose(undefined).url).toBe(B);
    const single = createServers([A]);
    await watch(single.all[0], ...five, ...five);
    expect(single.choose(undefined).url).toBe(A);
    expect(single.choose(single.all[0]).url).toBe(A);
  });

  test("lets one request try the server again after ten seconds, and goes back to it when that went well", async () => {
    const servers = createServers([A, B]);
    const [a] = servers.all;
    await watch(a, ...five);
    setSystemTime(Date.now() + 10_001);
    expect(servers.choose(undefined).url).toBe(A);
    const trial = Promise.withResolvers<boolean>();
    a?.watch(trial.promise);
    await Bun.sleep(0);
    expect(servers.choose(undefined).url).toBe(B);
    trial.resolve(false);
    await Bun.sleep(0);
    expect(servers.choose(undefined).url).toBe(A);
  });

  test("opens again at once when the trial failed", async () => {
    const servers = createServers([A, B]);
    const [a] = servers.all;
    await watch(a, ...five);
    setSystemTime(Date.now() + 10_001);
    await watch(a, true);
    expect(servers.choose(undefined).url).toBe(B);
  });

  test("chooses another server for a second attempt, where there is one", () => {
    const servers = createServers([A, B]);
    const [a, b] = servers.all;
    expect([servers.choose(a).url, servers.choose(b).url]).toEqual([B, A]);
  });
});
