import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { freePort, freePorts } from "@weftkit/testing/free-ports";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { expect, onTestFinished, test } from "vitest";
import { outcome, start, weftkit } from "./command.ts";

interface Started {
  readonly child: ChildProcess;
  readonly url: URL;
  readonly admin: string;
  readonly dataDir: string;
  readonly logFile: string;
}

/** Starts `weftkit up --json` on free ports; resolves when it serves. */
async function up(folder: string, ...args: string[]): Promise<Started> {
  const { port, adminPort } = await freePorts("port", "adminPort");
  const child = start(folder, [
    "up",
    "inmemory",
    "--json",
    "--port",
    `inmemory=${port}`,
    "--admin-port",
    `${adminPort}`,
    ...args,
  ]);
  const [line] = await once(createInterface({ input: child.stdout! }), "line");
  const [{ url, admin, dataDir, logFile }] = JSON.parse(line).engines;
  return { child, url: new URL(url), admin, dataDir, logFile };
}

async function stop(child: ChildProcess): Promise<number | null> {
  const closed = once(child, "close");
  child.kill("SIGTERM");
  return (await closed)[0];
}

async function listen(): Promise<Server> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

/** Sends inline commands; returns the first line of each reply. */
async function ask({ hostname, port }: URL, ...commands: string[]): Promise<string[]> {
  const socket = connect(Number(port), hostname);
  const lines = createInterface({ input: socket });
  const replies: string[] = [];
  for (const command of commands) {
    socket.write(`${command}\r\n`);
    replies.push((await once(lines, "line"))[0]);
  }
  socket.destroy();
  return replies;
}

test("runs an engine with a generated password, and SIGTERM ends it with exit code 0", async () => {
  const folder = temporaryFolder();
  const { child, url, admin, logFile } = await up(folder);
  expect(url.password).toBe(readFileSync(join(folder, ".weftkit/secrets/inmemory_password"), "utf8").trim());
  expect((await fetch(`${admin}/readyz`)).status).toBe(200);
  expect(await ask(url, "PING")).toEqual([expect.stringMatching(/^-NOAUTH/)]);
  expect(await ask(url, `AUTH ${url.password}`, "PING")).toEqual(["+OK", "+PONG"]);
  expect(await stop(child)).toBe(0);
  expect(readFileSync(logFile, "utf8")).not.toContain(url.password);
});

test("what was written is there after the next start, with the same password", async () => {
  const folder = temporaryFolder();
  const first = await up(folder);
  await ask(first.url, `AUTH ${first.url.password}`, "SET colour green");
  await stop(first.child);
  const second = await up(folder);
  expect(second.url.password).toBe(first.url.password);
  expect(await ask(second.url, `AUTH ${second.url.password}`, "GET colour")).toEqual(["+OK", "$5"]);
  expect(await stop(second.child)).toBe(0);
});

test("--auth none needs no password and makes none", async () => {
  const folder = temporaryFolder();
  const { child, url } = await up(folder, "--auth", "none");
  expect(url.password).toBe("");
  expect(await ask(url, "PING")).toEqual(["+PONG"]);
  expect(existsSync(join(folder, ".weftkit/secrets"))).toBe(false);
  expect(await stop(child)).toBe(0);
});

test("a file's own port and data folder hold, and the engine listens on this machine only", async () => {
  const folder = temporaryFolder();
  const { port, adminPort } = await freePorts("port", "adminPort");
  writeFileSync(
    join(folder, "weftkit.toml"),
    `[server]\ndata_dir = "state"\nadmin_port = ${adminPort}\n\n[auth]\npassword = "mine"\n\n[inmemory]\nport = ${port}\n`,
  );
  const child = start(folder, ["up", "inmemory", "--json"]);
  const [line] = await once(createInterface({ input: child.stdout! }), "line");
  expect(JSON.parse(line).engines).toEqual([
    expect.objectContaining({
      url: `redis://:mine@127.0.0.1:${port}/0`,
      dataDir: join(folder, "state", "inmemory"),
      admin: `http://127.0.0.1:${adminPort}`,
    }),
  ]);
  expect(await stop(child)).toBe(0);
});

test("a taken port is named, with the flag that chooses another", async () => {
  const server = await listen();
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const other = await freePort();
  const folder = temporaryFolder();
  const data = await weftkit(folder, [
    "up",
    "inmemory",
    "--port",
    `inmemory=${port}`,
    "--admin-port",
    `${other}`,
  ]);
  expect(data.code).toBe(69);
  expect(data.stderr).toMatch(new RegExp(`port ${port} \\(inmemory\\) is taken.*\\n.*--port inmemory=PORT`));
  const admin = await weftkit(folder, [
    "up",
    "inmemory",
    "--port",
    `inmemory=${other}`,
    "--admin-port",
    `${port}`,
  ]);
  expect(admin.code).toBe(69);
  expect(admin.stderr).toMatch(new RegExp(`port ${port} .*\\n.*--admin-port`));
});

test("mistakes in the configuration are told before anything starts", async () => {
  const folder = temporaryFolder();
  const { code, stderr } = await outcome(start(folder, ["up"], { WEFTKIT_INMEMORY_PRT: "1" }));
  expect(code).toBe(78);
  expect(stderr).toContain("WEFTKIT_INMEMORY_PRT");
  expect(existsSync(join(folder, ".weftkit"))).toBe(false);
});

test.each([
  [["up", "documents"], "Did you mean document?"],
  [["up", "--port", "inmemory"], "Write it as inmemory=6380."],
  [["up", "--port", "inmemory=70000"], "A port is 1 to 65535."],
])("%j is refused", async (args, message) => {
  const { code, stderr } = await weftkit(temporaryFolder(), args);
  expect(code).toBe(2);
  expect(stderr).toContain(message);
});
