import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { startService } from "@weftkit/host";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { onTestFinished } from "vitest";
import { Gateway } from "../src/gateway.ts";

/** A gateway on free ports; what it logs is kept. */
export async function startGateway(
  gateway: Readonly<Record<string, unknown>>,
  others: Readonly<Record<string, unknown>> = {},
) {
  const lines: Record<string, unknown>[] = [];
  const running = await startService(
    { name: "gateway", version: "0.1.0", authenticates: false, create: () => new Gateway() },
    {
      config: {
        server: { bind: "127.0.0.1", admin_port: 0 },
        gateway: { port: 0, ...gateway },
        ...others,
      },
      watchIntervalMs: 20,
      logStream: { write: (line) => lines.push(JSON.parse(line) as Record<string, unknown>) },
    },
  );
  // Those who wait for an answer that never comes are not waited for.
  onTestFinished(() => running.stop(1500).catch(() => {}));
  const { service, adminPort } = running;
  return { service, adminPort, lines, stop: () => running.stop() };
}

/** A TCP server that does `serve` with each connection. */
export async function serverOf(serve: (socket: Socket) => void): Promise<{ port: number; kill(): void }> {
  const sockets = new Set<Socket>();
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket.on("error", () => {}));
    serve(socket);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const kill = () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  onTestFinished(kill);
  return { port: (server.address() as AddressInfo).port, kill };
}

/** A server that answers the first bytes of each connection with its name. */
export function named(name: string) {
  return serverOf((socket) => socket.once("data", () => socket.end(`${name}\n`)));
}

/** A file of routes. */
export function routesFile(text: string): string {
  const path = join(temporaryFolder(), "routes.toml");
  writeFileSync(path, text);
  return path;
}

/** A certificate for these names, signed by itself. */
export function certificate(...names: string[]): { cert_file: string; key_file: string } {
  const folder = temporaryFolder();
  const [cert_file, key_file] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  const alternatives = [...names.map((name) => `DNS:${name}`), "IP:127.0.0.1"].join(",");
  const subject = ["-subj", `/CN=${names[0]}`, "-addext", `subjectAltName=${alternatives}`, "-days", "2"];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  execFileSync("openssl", ["req", "-x509", ...kind, ...subject, "-keyout", key_file, "-out", cert_file], {
    stdio: "ignore",
  });
  return { cert_file, key_file };
}
