import { spawn, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { nodeOptions, Program } from "@weftkit/testing/program";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { describe, expect, onTestFinished, test } from "vitest";
import { exitCodes } from "../src/index.ts";
import { Client, page, settings, startEcho } from "./fixtures.ts";

function run(env: Record<string, string>, args: readonly string[] = []): Program {
  const base = { WEFTKIT_BIND: "127.0.0.1", WEFTKIT_PORT: "0", WEFTKIT_ADMIN_PORT: "0" };
  const file = join(import.meta.dirname, "echo-image.ts");
  return new Program(file, { args, env: { ...base, ...env }, cwd: import.meta.dirname });
}

const open = (dataDir: string) => ({ WEFTKIT_DATA_DIR: dataDir, WEFTKIT_AUTH: "none" });

describe("an image as a process", () => {
  test("ends with 0 on SIGTERM, within its clients' sight", async () => {
    const program = run(open(temporaryFolder()));
    const { port, adminPort } = await program.logged<{ port: number; adminPort: number }>("ready");
    const client = await Client.tcp(port);
    await client.line();
    expect((await page(adminPort, "/metrics")).text).toMatch(/nodejs_eventloop_lag_p99_seconds/);
    expect(await program.terminate()).toBe(exitCodes.ok);
    await client.closed;
    expect(program.errors).toBe("");
  });

  test.each(["throw", "hang"])("ends with 75 when something is not saved (%s)", async (how) => {
    const env = {
      ...open(temporaryFolder()),
      WEFTKIT_TEST_UNSAVED: how,
      WEFTKIT_PERSIST_SHUTDOWN_BUDGET: "50ms",
    };
    const program = run(env);
    await program.logged("ready");
    program.child.kill("SIGTERM");
    expect(await program.logged("something is not saved")).toMatchObject({ level: "fatal" });
    expect(await program.exited).toBe(exitCodes.unsaved);
  });

  test.each(["throw", "fatal"])("ends with 70 after a defect (%s)", async (how) => {
    const program = run(open(temporaryFolder()));
    const { port } = await program.logged<{ port: number }>("ready");
    const client = await Client.tcp(port);
    client.socket.write(`${how}\n`);
    expect(await program.exited).toBe(exitCodes.software);
    expect(await program.logged("a defect: the image ends").catch(() => undefined)).toMatchObject({
      err: { message: expect.stringMatching(/on demand/) },
    });
  });

  test("ends with 78 and every mistake on standard error", async () => {
    const file = join(temporaryFolder(), "weftkit.toml");
    writeFileSync(file, "[server]\nlog_level = 'loud'\n[inmemory]\nprot = 1\n");
    const program = run({ WEFTKIT_AUHT: "none" }, ["--config", file]);
    expect(await program.exited).toBe(exitCodes.config);
    expect(program.errors).toContain("the configuration has 3 mistakes:");
    expect(program.errors).toContain(`${file}:2: server.log_level: must be one of`);
    expect(program.errors).toContain(`${file}:4: inmemory.prot: unknown key; did you mean port?`);
    expect(program.errors).toContain("WEFTKIT_AUHT: unknown variable; did you mean WEFTKIT_AUTH?");
  });

  test("ends with 78 for an argument it does not know", async () => {
    const program = run({}, ["--cofnig", "x"]);
    expect(await program.exited).toBe(exitCodes.config);
    expect(program.errors).toMatch(/the only argument is --config/);
  });

  test("ends with 69 when the data dir is not a folder it can write", async () => {
    const file = join(temporaryFolder(), "file");
    writeFileSync(file, "");
    const program = run(open(join(file, "data")));
    expect(await program.exited).toBe(exitCodes.unavailable);
    expect(await program.logged("cannot start").catch(() => undefined)).toMatchObject({
      err: { message: expect.stringMatching(/must be writable for user \d+/) },
    });
  });
});

describe("the data dir's lock", () => {
  test("keeps a second image out, also one of the same process, and says who has it", async () => {
    const dataDir = temporaryFolder();
    const program = run(open(dataDir));
    await program.logged("ready");
    await expect(startEcho({ config: settings(dataDir) })).rejects.toMatchObject({
      code: "data_dir_locked",
      message: expect.stringContaining(`inmemory, process ${program.child.pid} on`),
    });
    const own = temporaryFolder();
    await startEcho({ config: settings(own) });
    await expect(startEcho({ config: settings(own) })).rejects.toMatchObject({ code: "data_dir_locked" });
  });

  test("does not outlive kill -9", async () => {
    const dataDir = temporaryFolder();
    const program = run(open(dataDir));
    await program.logged("ready");
    await program.kill();
    await startEcho({ config: settings(dataDir) });
  });
});

test("--version and --help are answered, whatever the configuration is", async () => {
  const version = run({ WEFTKIT_INMEMORY_PRT: "1" }, ["--version"]);
  expect(await version.exited).toBe(0);
  expect(version.lines).toEqual([expect.stringMatching(/^weftkit\/inmemory \S+$/)]);
  const help = run({}, ["--help"]);
  expect(await help.exited).toBe(0);
  expect(help.output).toContain("--config <file>");
});

test("with fewer descriptors than clients are wanted, as many are let in as can be, and the log says so", async () => {
  const folder = temporaryFolder();
  const image = join(import.meta.dirname, "echo-image.ts");
  const base = { WEFTKIT_BIND: "127.0.0.1", WEFTKIT_PORT: "0", WEFTKIT_ADMIN_PORT: "0" };
  const limited = `ulimit -n 128 && exec "$0" "$@"`;
  const child = spawn("sh", ["-c", limited, process.execPath, ...nodeOptions, image], {
    cwd: import.meta.dirname,
    env: { PATH: process.env.PATH, ...base, ...open(folder) },
    stdio: ["ignore", "pipe", "ignore"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const lines = createInterface(child.stdout);
  for await (const line of lines) {
    const entry = JSON.parse(line);
    if (!String(entry.msg).startsWith("fewer clients")) continue;
    expect(entry).toMatchObject({ level: "warn", max_connections: 10_000, possible: 64 });
    return;
  }
  expect.unreachable("it has said nothing of it");
});

const compiler = ["cc", "gcc", "clang"].find((name) => spawnSync(name, ["--version"]).status === 0);

describe.skipIf(compiler === undefined)(
  `the images' health check${compiler === undefined ? " (skipped: no C compiler)" : ""}`,
  () => {
    /** Runs it with these variables and weftkit.toml; its exit code and what it says. */
    function check(env: Readonly<Record<string, string>>, file?: string) {
      const folder = temporaryFolder();
      const program = join(folder, "healthcheck");
      const source = join(import.meta.dirname, "../native/healthcheck.c");
      const built = spawnSync(compiler!, ["-Wall", "-Wextra", "-Werror", "-o", program, source], {
        encoding: "utf8",
      });
      expect(built.stderr).toBe("");
      if (file !== undefined) writeFileSync(join(folder, "weftkit.toml"), file);
      return new Promise<{ code: number | null; said: string }>((resolve) => {
        const child = spawn(program, { cwd: folder, env, stdio: ["ignore", "pipe", "ignore"] });
        let said = "";
        child.stdout.on("data", (data) => {
          said += data;
        });
        child.once("close", (code) => resolve({ code, said }));
      });
    }

    test("follows /readyz, and says why not", async () => {
      const { image, engine } = await startEcho();
      const env = { WEFTKIT_ADMIN_PORT: String(image.adminPort) };
      expect(await check(env)).toEqual({ code: 0, said: "" });
      engine.context?.readiness.set("disk", false, "full");
      expect(await check(env)).toEqual({ code: 1, said: expect.stringContaining("full") });
      await image.stop();
      expect(await check(env)).toEqual({ code: 1, said: expect.stringContaining("nothing answers") });
    });

    test("finds the port where the image does: a variable before weftkit.toml", async () => {
      const { image } = await startEcho();
      const port = String(image.adminPort);
      const file = (number: string) =>
        `title = "x"\n[inmemory]\nadmin_port = 1\n\n[server] # this\n  admin_port = ${number} # and that\nbind = "127.0.0.1"\n`;
      expect((await check({}, file(port))).code).toBe(0);
      expect((await check({}, `server.admin_port = ${port}\n`)).code).toBe(0);
      expect((await check({ ADMIN: port }, file('"env:ADMIN"'))).code).toBe(0);
      expect((await check({ WEFTKIT_ADMIN_PORT: port }, file("1"))).code).toBe(0);
      expect((await check({}, file("1"))).code).toBe(1);
      const elsewhere = join(temporaryFolder(), "own.toml");
      writeFileSync(elsewhere, file(port));
      expect((await check({ WEFTKIT_CONFIG: elsewhere }, file("1"))).code).toBe(0);
    });

    test("asks the address that the admin port is on", async () => {
      const { image } = await startEcho();
      const env = { WEFTKIT_ADMIN_PORT: String(image.adminPort) };
      for (const bind of ["0.0.0.0", "::", "127.0.0.1", "localhost"]) {
        expect((await check({ ...env, WEFTKIT_BIND: bind })).code, bind).toBe(0);
      }
      expect((await check({ ...env, WEFTKIT_ADMIN_BIND: "127.0.0.9" })).code).toBe(1);
    });
  },
);

test("the health check of files that were written for earlier images follows /readyz as well", async () => {
  const { image, engine } = await startEcho();
  const check = (port: number) => {
    const file = join(import.meta.dirname, "..", "src", "healthcheck.ts");
    return new Program(file, { env: { WEFTKIT_ADMIN_PORT: String(port) } }).exited;
  };
  expect(await check(image.adminPort)).toBe(0);
  engine.context?.readiness.set("disk", false, "full");
  expect(await check(image.adminPort)).toBe(1);
  await image.stop();
  expect(await check(image.adminPort)).toBe(1);
});
