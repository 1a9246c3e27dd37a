import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { freePort, freePorts, freePortsInRow } from "@weftkit/testing/free-ports";
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
  const line = await firstLine(child);
  const [{ url, admin, dataDir, logFile }] = JSON.parse(line).engines;
  return { child, url: new URL(url), admin, dataDir, logFile };
}

/** What the command prints when all serve. */
async function firstLine(child: ChildProcess): Promise<string> {
  const errors: string[] = [];
  child.stderr!.on("data", (data) => errors.push(String(data)));
  const [line] = await Promise.race([
    once(createInterface({ input: child.stdout! }), "line"),
    once(child, "exit").then(([code]) => {
      throw new Error(`it ended with ${code}: ${errors.join("")}`);
    }),
  ]);
  return line;
}

async function stop(child: ChildProcess): Promise<number | null> {
  const closed = once(child, "close");
  child.kill("SIGTERM");
  return (await closed)[0];
}

/** A port that somebody listens on until the test has ended. */
async function takenPort(): Promise<number> {
  const server = createServer().listen(await freePort(), "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
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
  expect(url.password).toBe(readFileSync(join(folder, ".weftkit/secrets/weftkit_password"), "utf8").trim());
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

test("the playground runs beside engines, and who logs in there reaches them", async () => {
  const folder = temporaryFolder();
  const { port, page } = await freePorts("port", "page");
  const adminPort = await freePortsInRow(2);
  const flags = [
    "--port",
    `inmemory=${port}`,
    "--port",
    `playground=${page}`,
    "--admin-port",
    `${adminPort}`,
  ];
  const child = start(folder, ["up", "inmemory", "--playground", "--json", ...flags]);
  const line = await firstLine(child);
  const { url, credentials } = JSON.parse(line).playground;
  expect(url).toBe(`http://127.0.0.1:${page}`);
  const [user, password] = credentials.split(" / ");
  const post = async (path: string, body: unknown, headers: Record<string, string> = {}) =>
    fetch(`${url}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
  const login = await post("/api/login", { user, password });
  const { csrfToken } = (await login.json()) as { csrfToken: string };
  const cookie = login.headers.getSetCookie()[0]!.split(";")[0]!;
  const id = encodeURIComponent(`inmemory@127.0.0.1:${port}`);
  const headers = { cookie, "x-csrf-token": csrfToken };
  const reply = await post(`/api/engines/${id}/command`, { line: "PING" }, headers);
  expect(await reply.json()).toEqual({ kind: "bytes", value: "PONG" });
  expect(await stop(child)).toBe(0);
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
  const line = await firstLine(child);
  expect(JSON.parse(line).engines).toEqual([
    expect.objectContaining({
      url: `redis://:mine@127.0.0.1:${port}/0`,
      dataDir: join(folder, "state", "inmemory"),
      admin: `http://127.0.0.1:${adminPort}`,
    }),
  ]);
  expect(await stop(child)).toBe(0);
});

test("every taken port is named at once, with flags of ports that are free", async () => {
  const [port, adminPort] = [await takenPort(), await takenPort()];
  const folder = temporaryFolder();
  const flags = ["up", "inmemory", "--port", `inmemory=${port}`, "--admin-port", `${adminPort}`];
  const { code, stderr } = await weftkit(folder, flags);
  expect(code).toBe(69);
  expect(stderr).toContain(`port ${port} (inmemory) is taken`);
  expect(stderr).toContain(`port ${adminPort} (inmemory, admin) is taken`);
  const [, free] = /These are free: (--port inmemory=\d+ --admin-port \d+)\n/.exec(stderr) ?? [];
  expect(free).toBeDefined();
  const unused = temporaryFolder();
  const checked = await weftkit(unused, ["up", "inmemory", "--check", ...free!.split(" ")]);
  expect(checked).toMatchObject({ code: 0, stderr: "" });
  expect(existsSync(join(unused, ".weftkit"))).toBe(false);
  const byNpm = await weftkit(folder, flags, { npm_lifecycle_event: "start" });
  expect(byNpm.stderr).toContain("These are free: npm start -- --port");
});

test("an address that is not this machine's is told as one, not as a taken port", async () => {
  const { port, adminPort } = await freePorts("port", "adminPort");
  const flags = ["up", "inmemory", "--port", `inmemory=${port}`, "--admin-port", `${adminPort}`];
  const { code, stderr } = await weftkit(temporaryFolder(), flags, { WEFTKIT_BIND: "192.0.2.1" });
  expect(code).toBe(69);
  expect(stderr).toContain(
    `port 192.0.2.1:${port} (inmemory) is on an address that this machine does not have`,
  );
  expect(stderr).toContain("WEFTKIT_BIND");
});

test("an engine that is killed ends all of it with 70", async () => {
  const { child } = await up(temporaryFolder(), "--auth", "none");
  const [pid] = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").split(" ");
  process.kill(Number(pid), "SIGKILL");
  const [code] = await once(child, "exit");
  expect(code).toBe(70);
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
