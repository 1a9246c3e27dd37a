import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { listening } from "../listening.ts";

/** Something that passes requests on, or the server itself. */
export interface Contender {
  readonly name: string;
  readonly port: number;
  /** Undefined for the server itself, whose processor time is nobody's here. */
  readonly pid: number | undefined;
}

const root = resolve(import.meta.dirname, "../..");

/** Starts a program that ends with this one, and waits for a port of its. */
export async function start(
  program: string,
  args: readonly string[],
  port: number,
  environment: Readonly<Record<string, string>> = {},
): Promise<ChildProcess> {
  const child = spawn(program, args, { stdio: "ignore", env: { PATH: process.env.PATH, ...environment } });
  process.on("exit", () => child.kill("SIGKILL"));
  await listening(port, child);
  return child;
}

/** Answers every request with a few bytes, as the server behind the proxies. */
export async function startHttpServer(port: number): Promise<Server> {
  const body = "0123456789abcdef0123456789abcdef#end";
  const server = createServer({ keepAliveTimeout: 600_000 }, (_request, response) => {
    response.writeHead(200, { "content-type": "text/plain", "content-length": body.length });
    response.end(body);
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return server;
}

/** HAProxy with one thread: `tcp` passes bytes on, `http` looks at requests. */
export async function startHaproxy(
  port: number,
  server: number,
  mode: "tcp" | "http",
): Promise<ChildProcess> {
  const file = join(mkdtempSync(join(tmpdir(), "weftkit-bench-haproxy-")), "haproxy.cfg");
  writeFileSync(
    file,
    `global
  maxconn 4096
  nbthread 1
defaults
  mode ${mode}
  timeout connect 5s
  timeout client 60s
  timeout server 60s
listen bench
  bind 127.0.0.1:${port}
  server one 127.0.0.1:${server}
`,
  );
  return start("haproxy", ["-db", "-f", file], port);
}

/** The gateway before one server; engines' ports are `port` and up, the shared one is the ninth. */
export async function startGateway(port: number, backends: readonly string[]): Promise<ChildProcess> {
  const main = join(root, "images", "gateway", "src", "main.ts");
  return start(process.execPath, [main], port + 8, {
    WEFTKIT_BIND: "127.0.0.1",
    WEFTKIT_ADMIN_PORT: String(port + 9),
    WEFTKIT_GATEWAY_PORT: String(port),
    WEFTKIT_GATEWAY_SHARED_PORT: String(port + 8),
    WEFTKIT_GATEWAY_ACCESS_LOG: "false",
    WEFTKIT_GATEWAY_BACKENDS: backends.join(","),
  });
}
