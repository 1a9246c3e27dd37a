import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePorts } from "@weftkit/testing/free-ports";
import { Redis } from "ioredis";
import { expect, onTestFinished } from "vitest";
import { docker, dockerOutput, image, inspect, label, runImage } from "./docker.ts";
import { testWithDocker } from "./test-with-docker.ts";

const megabyte = 1e6;
const sizeBytesMax = 130 * megabyte;
const readyMsMax = 1000;
/** Other work on the machine only ever makes a start slower, so the best of a few is the image's own time. */
const starts = 5;

/** Starts the image with a password; its data and admin ports are published. */
async function startServer(...args: string[]) {
  const { port, adminPort } = await freePorts("port", "adminPort");
  const publish = ["--publish", `127.0.0.1:${port}:6379`, "--publish", `127.0.0.1:${adminPort}:9464`];
  const id = await runImage(...publish, "--env", "WEFTKIT_PASSWORD=secret", ...args);
  onTestFinished(async () => {
    await docker("rm", "--force", "--volumes", id);
  });
  return { id, port, ready: () => untilReady(adminPort) };
}

async function untilReady(adminPort: number): Promise<void> {
  const isReady = () =>
    fetch(`http://127.0.0.1:${adminPort}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    );
  await expect.poll(isReady, { timeout: 20_000, interval: 10 }).toBe(true);
}

/** Evaluates JavaScript inside the container; there is no shell to ask. */
function evaluate(id: string, code: string) {
  return docker("exec", id, "node", "--eval", code);
}

testWithDocker("the image is small, runs as uid 1000, and stops by SIGTERM", async () => {
  expect(await inspect<number>(image, ".Size")).toBeLessThan(sizeBytesMax);
  expect(await inspect(image, ".Config")).toMatchObject({
    User: "1000:1000",
    StopSignal: "SIGTERM",
    ExposedPorts: { "6379/tcp": {}, "9464/tcp": {} },
    Volumes: { "/data": {} },
    Healthcheck: { Test: ["CMD", "healthcheck"] },
  });
});

testWithDocker.each(["sh", "bash", "busybox", "npm", "apt-get"])(
  "there is no %s in the image",
  async (program) => {
    const { code } = await docker("run", "--rm", "--label", label, "--entrypoint", program, image);
    expect(code).toBe(127);
  },
);

testWithDocker("it serves within a second of docker run", async () => {
  const times: number[] = [];
  for (let start = 0; start < starts; start++) {
    const since = performance.now();
    const { ready } = await startServer();
    await ready();
    times.push(Math.round(performance.now() - since));
  }
  console.log(`ready after ${times.join(", ")} ms`);
  expect(Math.min(...times)).toBeLessThan(readyMsMax);
});

testWithDocker("it becomes healthy, as uid 1000, on a root that cannot be written", async () => {
  const { id } = await startServer();
  await expect.poll(() => inspect(id, ".State.Health.Status"), { timeout: 30_000 }).toBe("healthy");
  expect((await evaluate(id, "console.log(process.getuid(), process.getgid())")).stdout).toBe("1000 1000");
  expect((await evaluate(id, 'fs.writeFileSync("/app/x", "")')).stderr).toContain("EROFS");
  expect(await dockerOutput("diff", id)).toBe("");
});

testWithDocker.each([
  ["a user of its own and the root group, as OpenShift gives", ["--user", "1000620000:0"]],
  ["a user and a group that nobody knows", ["--user", "1000620000:1000620000"]],
  ["its state in memory", ["--tmpfs", "/data"]],
])("with %s it becomes healthy, within moments of being ready", async (_, args) => {
  const { id } = await startServer(...args);
  await expect.poll(() => inspect(id, ".State.Health.Status"), { timeout: 30_000 }).toBe("healthy");
  const { stdout, stderr } = await docker("logs", id);
  expect(stdout + stderr).not.toContain("data_dir_unusable");
});

testWithDocker("an init before its own is nothing to warn of", async () => {
  const { id, ready } = await startServer("--init");
  await ready();
  const { stdout, stderr } = await docker("logs", id);
  expect(stdout + stderr).not.toContain("Tini");
});

testWithDocker("its health check follows weftkit.toml, and says why it is not healthy", async () => {
  const folder = mkdtempSync(join(tmpdir(), "weftkit-e2e-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  chmodSync(folder, 0o755);
  writeFileSync(join(folder, "weftkit.toml"), "[server]\nadmin_port = 9999\n", { mode: 0o644 });
  const { id } = await startServer("--volume", `${folder}:/etc/weftkit:ro`);
  await expect.poll(() => inspect(id, ".State.Health.Status"), { timeout: 30_000 }).toBe("healthy");
  const wrong = await docker("exec", "--env", "WEFTKIT_ADMIN_PORT=9998", id, "healthcheck");
  expect(wrong).toMatchObject({
    code: 1,
    stdout: expect.stringContaining("nothing answers on the admin port 9998"),
  });
});

testWithDocker("it says what it was made from, and has programs for its own platform only", async () => {
  const labels = await inspect<Record<string, string>>(image, ".Config.Labels");
  const named = ["base.name", "created", "documentation", "revision", "source", "title", "version"];
  expect(Object.keys(labels)).toEqual(
    expect.arrayContaining(named.map((name) => `org.opencontainers.image.${name}`)),
  );
  const { id } = await startServer();
  const { stdout } = await evaluate(id, 'console.log(fs.readdirSync("/app").join(" "), process.arch)');
  const arch = stdout.split(" ").at(-1);
  const compiled = stdout.split(" ").filter((name) => name.includes("-linux-"));
  expect(compiled.length).toBeGreaterThan(0);
  for (const name of compiled) expect(name).toContain(`-linux-${arch}.`);
});

testWithDocker(
  "it has what is compiled: its sockets are read many at a time, its memory is given back",
  async () => {
    const { id, port, ready } = await startServer();
    await ready();
    expect(await withRedis(port, "secret", (redis) => redis.info("server"))).toContain(
      "multiplexing_api:epoll",
    );
    // What is missing is named when the engine starts.
    const { stdout, stderr } = await docker("logs", id);
    expect(stdout + stderr).not.toContain('"why"');
  },
);

testWithDocker(
  "SIGTERM ends it cleanly, long before the grace period, and the data stays in the volume",
  async () => {
    const volume = await dockerOutput("volume", "create", "--label", label);
    onTestFinished(async () => {
      await docker("volume", "rm", "--force", volume);
    });
    const first = await startServer("--volume", `${volume}:/data`);
    await first.ready();
    await withRedis(first.port, "secret", (redis) => redis.set("colour", "green"));
    const since = performance.now();
    await dockerOutput("stop", "--time", "40", first.id);
    expect(performance.now() - since).toBeLessThan(5000);
    expect(await inspect(first.id, ".State.ExitCode")).toBe(0);
    const second = await startServer("--volume", `${volume}:/data`);
    await second.ready();
    expect(await withRedis(second.port, "secret", (redis) => redis.get("colour"))).toBe("green");
  },
);

testWithDocker("it lets nobody in without the password", async () => {
  const { port, ready } = await startServer();
  await ready();
  await expect(withRedis(port, undefined, (redis) => redis.get("colour"))).rejects.toThrow("NOAUTH");
  await expect(withRedis(port, "wrong", (redis) => redis.get("colour"))).rejects.toThrow("WRONGPASS");
  expect(await withRedis(port, "secret", (redis) => redis.ping())).toBe("PONG");
});

testWithDocker("without a password it does not start, and says how to set one", async () => {
  const { code, stdout, stderr } = await docker("run", "--rm", "--label", label, image);
  expect(code).toBe(78);
  expect(stdout + stderr).toContain("WEFTKIT_PASSWORD");
  expect(stdout + stderr).toContain("WEFTKIT_AUTH=none");
});

async function withRedis<T>(
  port: number,
  password: string | undefined,
  work: (redis: Redis) => Promise<T>,
): Promise<T> {
  const redis = new Redis({
    port,
    ...(password !== undefined && { password }),
    enableReadyCheck: false,
    retryStrategy: () => null,
  });
  // A refused login also reaches the caller, as the error of its command.
  redis.on("error", () => {});
  try {
    return await work(redis);
  } finally {
    redis.disconnect();
  }
}

testWithDocker(
  "the command writes a project into a folder of the machine, as the machine's user",
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "weftkit-e2e-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const user = ["--user", `${process.getuid?.()}:${process.getgid?.()}`];
    const cli = image.replace("/inmemory:", "/cli:");
    const command = ["compose", "--engines", "graph", "--project", "shop"];
    const outcome = await docker(
      "run",
      "--rm",
      "--label",
      label,
      ...user,
      "-v",
      `${folder}:/work`,
      cli,
      ...command,
    );
    expect(outcome).toMatchObject({ code: 0, stderr: "" });
    expect(readdirSync(folder).sort()).toEqual([".env", "README.md", "docker-compose.yml", "secrets"]);
  },
);
