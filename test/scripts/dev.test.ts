import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { ROOT, run, temporaryFolder } from "./checkout.ts";

function freePort(): string {
  const server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  server.stop(true);
  return String(server.port);
}

/** scripts/dev, started; only these variables and what every shell has are in its environment. */
async function startDev(env: Record<string, string> = {}) {
  const folder = await temporaryFolder();
  const ports = { PORT: freePort(), ADMIN_PORT: freePort() };
  const { PATH = "", HOME = "" } = process.env;
  const child = Bun.spawn([join(ROOT, "scripts/dev")], {
    cwd: "/",
    env: { PATH, HOME, TMPDIR: folder.path, ...ports, ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const told = { stdout: "", stderr: "" };
  const gather = async (name: "stdout" | "stderr") => {
    const decoder = new TextDecoder();
    for await (const bytes of child[name]) told[name] += decoder.decode(bytes, { stream: true });
  };
  const gathered = Promise.all([gather("stdout"), gather("stderr")]);
  return {
    child,
    told,
    ports,
    folder: folder.path,
    /** The line of curl, once it is there. */
    async curl(): Promise<string> {
      for (;;) {
        const [line] = /^curl .*$(?=\n)/m.exec(told.stderr) ?? [];
        if (line !== undefined) return line;
        if (child.exitCode !== null)
          throw new Error(`ended with ${child.exitCode}: ${told.stderr}`);
        await Bun.sleep(10);
      }
    },
    async ended(): Promise<number> {
      const status = await child.exited;
      await gathered;
      return status;
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await gathered;
      await folder[Symbol.asyncDispose]();
    },
  };
}

async function childrenOf(pid: number): Promise<string[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8");
  return text.split(" ").filter((child) => child !== "");
}

/** A process that ended, but whom the machine's init has not buried yet, is not alive. */
function isAlive(pid: string): boolean {
  const stat = `/proc/${pid}/stat`;
  return existsSync(stat) && !/\) Z /.test(readFileSync(stat, "utf8"));
}

describe.each(["bun", "deno"])("scripts/dev on %s", (runtime) => {
  test("prints a line of curl that works as pasted, and leaves nothing behind", async () => {
    await using dev = await startDev({ RUNTIME: runtime });
    const line = await dev.curl();
    const pasted = await run(["bash", "-c", `${line} --silent --show-error --max-time 30`]);
    expect(pasted.stderr).toBe("");
    expect(pasted.stdout).toStartWith("retry: 2000\n");
    expect(pasted.stdout).toMatch(/^event: done$/m);
    expect(dev.told.stderr).toContain(`mistral-stream is ready on ${runtime}`);
    expect(dev.told.stderr).toContain(`http://127.0.0.1:${dev.ports.PORT}\n`);
    expect(dev.told.stderr).toContain("simulated Mistral, because MISTRAL_API_KEY is not set");
    const metrics = await fetch(`http://127.0.0.1:${dev.ports.ADMIN_PORT}/metrics`);
    expect(metrics.status).toBe(200);

    const children = await childrenOf(dev.child.pid);
    expect(children).toHaveLength(1);
    expect(await readFile(`/proc/${dev.child.pid}/environ`, "utf8")).toContain(
      "BUN_CONFIG_MAX_HTTP_REQUESTS=65535",
    );
    dev.child.kill("SIGTERM");
    expect(await dev.ended()).toBe(0);
    for (let i = 0; i < 100 && children.some(isAlive); i++) await Bun.sleep(10);
    expect(children.filter(isAlive)).toEqual([]);
    expect(await readdir(dev.folder)).toEqual([]);
    for (const row of dev.told.stdout.trim().split("\n")) expect(JSON.parse(row)).toBeObject();
    expect(dev.told.stdout).not.toContain("ms_");
  });
});

test("one Ctrl-C of a terminal, which every process of the group gets, drains and removes the key", async () => {
  await using dev = await startDev();
  await dev.curl();
  const [child = ""] = await childrenOf(dev.child.pid);
  process.kill(Number(child), "SIGINT");
  dev.child.kill("SIGINT");
  expect(await dev.ended()).toBe(0);
  expect(dev.told.stdout.match(/"draining"/g)).toHaveLength(1);
  expect(await readdir(dev.folder)).toEqual([]);
});

test("a server that is killed leaves no key behind either", async () => {
  await using dev = await startDev();
  await dev.curl();
  expect(await readdir(dev.folder)).toHaveLength(1);
  dev.child.kill("SIGKILL");
  expect(await dev.ended()).toBe(137);
  expect(await readdir(dev.folder)).toEqual([]);
});

test("the throw-away key is readable by its owner alone, and the file has a digest only", async () => {
  await using dev = await startDev();
  const [key = ""] = /ms_[0-9a-z]+/.exec(await dev.curl()) ?? [];
  const [name = ""] = await readdir(dev.folder);
  const file = join(dev.folder, name, "keys.json");
  expect((await Bun.file(file).stat()).mode & 0o777).toBe(0o600);
  expect(await Bun.file(file).text()).not.toContain(key);
});

test("a keys file that was given is used, and the line says what to put in", async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, "keys.json");
  const made = await run([join(ROOT, "scripts/keys"), "create", "--file", file, "--id", "mine"]);
  await using dev = await startDev({ KEYS_FILE: file, UPSTREAM: "simulated" });
  const line = await dev.curl();
  expect(line).toContain("Bearer <a key of KEYS_FILE>");
  expect(await readdir(dev.folder)).toEqual([]);
  const answer = await run([
    "bash",
    "-c",
    `${line.replace("<a key of KEYS_FILE>", made.stdout.trim())} --silent`,
  ]);
  expect(answer.stdout).toMatch(/^event: done$/m);
});

test("an upstream that was given is not replaced by the simulated one", async () => {
  const upstream = Bun.serve({ port: 0, fetch: () => new Response("busy", { status: 503 }) });
  const server = { MISTRAL_API_KEY: "x", MISTRAL_SERVER_URL: upstream.url.href };
  await using dev = await startDev(server);
  const answer = await run(["bash", "-c", `${await dev.curl()} --silent`]);
  expect(answer.stdout).toContain("upstream_failed");
  expect(dev.told.stderr).not.toContain("simulated");
  await upstream.stop(true);
});

test("the exit status of a server that cannot start is passed on, without a banner", async () => {
  await using dev = await startDev({ LOG_LEVEL: "loud" });
  expect(await dev.ended()).toBe(78);
  expect(dev.told.stderr).toContain("LOG_LEVEL");
  expect(dev.told.stderr).not.toContain("curl");
  expect(await readdir(dev.folder)).toEqual([]);
});

test("a port that is taken is named, and nobody else's readiness is taken for its own", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  const { promise, resolve } = Promise.withResolvers<void>();
  other.once("listening", () => resolve());
  await promise;
  const address = other.address();
  const port = typeof address === "object" ? String(address?.port) : "";
  for (const name of ["PORT", "ADMIN_PORT"]) {
    await using dev = await startDev({ [name]: port });
    expect(await dev.ended()).toBe(1);
    expect(dev.told.stderr).toBe(
      `${name} is ${port}, where something listens already; set ${name} to another one.\n`,
    );
  }
  other.close();
});

test("port 0 becomes a port that the banner names", async () => {
  await using dev = await startDev({ PORT: "0", ADMIN_PORT: "0" });
  const answer = await run(["bash", "-c", `${await dev.curl()} --silent`]);
  expect(answer.stdout).toMatch(/^event: done$/m);
});

test.each([
  [["--help"], {}, 0, "usage: [VARIABLE=value...] scripts/dev"],
  [["--port"], {}, 64, "usage:"],
  [[], { RUNTIME: "node" }, 64, 'RUNTIME is "node"; it takes bun or deno.'],
])("scripts/dev %j with %j", async (args, env, status, text) => {
  const { PATH = "", HOME = "" } = process.env;
  const told = await run([join(ROOT, "scripts/dev"), ...args], { env: { PATH, HOME, ...env } });
  expect(told.status).toBe(status);
  expect(told.stdout + told.stderr).toContain(text);
});
