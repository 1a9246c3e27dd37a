import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Program } from "@weftkit/testing/program";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { describe, expect, test } from "vitest";
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

test("the health check follows /readyz", async () => {
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
