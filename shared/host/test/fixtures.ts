import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { connect as connectTcp, type Socket } from "node:net";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from "node:tls";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { onTestFinished } from "vitest";
import { type RunningImage, type StartOptions, startImage } from "../src/index.ts";
import { EchoEngine, imageOf } from "./echo-engine.ts";

/** What every test image has: free ports, loopback, a folder of its own, no authentication. */
export function settings(dataDir: string, inmemory: Record<string, unknown> = {}) {
  return {
    server: { data_dir: dataDir, bind: "127.0.0.1", admin_port: 0 },
    auth: { method: "none" } as Record<string, unknown>,
    inmemory: { port: 0, ...inmemory },
  };
}

/** Starts the echo engine for one test. */
export async function startEcho(
  options: StartOptions = { config: settings(temporaryFolder()) },
  engine = new EchoEngine(),
): Promise<{ image: RunningImage; engine: EchoEngine }> {
  const image = await startImage(imageOf(engine), options);
  onTestFinished(() => image.stop().catch(() => {}));
  return { image, engine };
}

/** A client that reads lines. */
export class Client {
  readonly socket: Socket;
  readonly #lines: AsyncIterator<string>;
  readonly closed: Promise<unknown>;

  private constructor(socket: Socket, lines: Interface) {
    this.socket = socket;
    this.#lines = lines[Symbol.asyncIterator]();
    this.closed = new Promise((resolve) => socket.once("close", resolve));
    onTestFinished(() => void socket.destroy());
  }

  static async tcp(port: number): Promise<Client> {
    const socket = connectTcp(port, "127.0.0.1");
    socket.on("error", () => {});
    const client = new Client(socket, createInterface(socket));
    await once(socket, "connect");
    return client;
  }

  static async tls(port: number, options: ConnectionOptions): Promise<Client & { socket: TLSSocket }> {
    const socket = connectTls({ port, host: "127.0.0.1", servername: "localhost", ...options });
    const client = new Client(socket, createInterface(socket));
    await once(socket, "secureConnect");
    socket.on("error", () => {});
    return client as Client & { socket: TLSSocket };
  }

  /** The next line, or undefined at the end. */
  async line(): Promise<string | undefined> {
    const { value, done } = await this.#lines.next();
    return done ? undefined : value;
  }

  async say(text: string): Promise<string | undefined> {
    this.socket.write(`${text}\n`);
    return this.line();
  }
}

/** A page of the admin port. */
export async function page(port: number, path: string, init?: RequestInit) {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, init);
  const text = await response.text();
  const isJson = response.headers.get("content-type") === "application/json";
  return { status: response.status, text, json: isJson ? (JSON.parse(text) as Record<string, unknown>) : {} };
}

/** Waits until `condition` holds, asking again after every turn of the event loop. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setImmediate(resolve));
}

/** Makes a self-signed certificate for localhost, or one that `issuer` signed. Returns the paths of its files. */
export function certificate(
  folder: string,
  name: string,
  subject: string,
  issuer?: { cert: string; key: string },
) {
  const cert = join(folder, `${name}.crt`);
  const key = join(folder, `${name}.key`);
  const authority = issuer === undefined ? [] : ["-CA", issuer.cert, "-CAkey", issuer.key];
  const parameters = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  const extensions = ["-addext", "subjectAltName=DNS:localhost"];
  execFileSync(
    "openssl",
    [
      "req",
      "-x509",
      ...parameters,
      "-subj",
      subject,
      ...extensions,
      ...authority,
      "-keyout",
      key,
      "-out",
      cert,
    ],
    { stdio: "pipe" },
  );
  return { cert, key };
}
