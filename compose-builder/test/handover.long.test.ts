import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { EngineProgram } from "@weftkit/testing/engine-program";
import { Program } from "@weftkit/testing/program";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { expect, onTestFinished, test } from "vitest";

/** Of each engine; many more are run by hand: WEFTKIT_HANDOVERS=100. */
const handovers = Number(process.env.WEFTKIT_HANDOVERS ?? 5);
const root = join(import.meta.dirname, "../..");
const secret = "a secret that both sides have";
const writers = 4;

/** The function with a short lease, so that a handover is seen soon. */
async function startFunction(): Promise<string> {
  const env = {
    WKP_PORT: "0",
    WKP_STORE: `file://${temporaryFolder()}`,
    WKP_SECRET: secret,
    WKP_LEASE_SECONDS: "3",
    WKP_LOG_LEVEL: "info",
  };
  const program = new Program(join(root, "functions/node-s3/src/main.ts"), { env });
  const { port } = await program.logged<{ port: number }>("serving WKP-1");
  return `http://127.0.0.1:${port}`;
}

/** Sends connections to the engine that is ready, as a load balancer does; without one they are closed. */
class Balancer {
  target: number | undefined;
  port = 0;
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer((client) => {
    const { target } = this;
    if (target === undefined) return void client.destroy();
    const server = connect(target, "127.0.0.1");
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(one);
      one.on("error", () => other.destroy());
      one.on("close", () => {
        this.#sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  });

  async open(): Promise<this> {
    this.#server.listen(0, "127.0.0.1");
    await new Promise((resolve) => this.#server.once("listening", resolve));
    this.port = (this.#server.address() as { port: number }).port;
    onTestFinished(() => {
      this.#server.close();
      for (const socket of this.#sockets) socket.destroy();
    });
    return this;
  }
}

/** What a driver does: the same write again after a connection that was closed or refused. Anything else is an error. */
interface Client {
  /** Resolves to whether it was acknowledged; false to try again. */
  write(port: number, key: string): Promise<boolean>;
  has(port: number, key: string): Promise<boolean>;
}

const resp: Client = {
  write: async (port, key) => {
    const reply = await ask(port, `SET ${key} 1\r\n`);
    if (reply === undefined) return false;
    expect(reply).toBe("+OK\r\n");
    return true;
  },
  has: async (port, key) => (await ask(port, `STRLEN ${key}\r\n`)) === ":1\r\n",
};

/** The reply's first line; undefined when the connection broke. */
function ask(port: number, command: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(command));
    let text = "";
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
      if (!text.includes("\r\n")) return;
      resolve(text);
      socket.destroy();
    });
    socket.on("error", () => resolve(undefined));
    socket.on("close", () => resolve(undefined));
  });
}

const http: Client = {
  write: async (port, key) => {
    const reply = await fetch(documentUrl(port, key), {
      method: "PUT",
      headers: { "content-type": "text/markdown" },
      body: `# ${key}\n\nA page.\n`,
    }).catch(() => undefined);
    if (reply === undefined || reply.status === 503) return false;
    expect([200, 201], await reply.text()).toContain(reply.status);
    return true;
  },
  has: async (port, key) => (await fetch(documentUrl(port, key))).status === 200,
};

const documentUrl = (port: number, key: string) =>
  `http://127.0.0.1:${port}/v1/collections/wiki/documents/${key}`;

test.each<[string, Client]>([
  ["inmemory", resp],
  ["markdown", http],
])(
  `%s is handed over ${handovers} times under load, and nothing acknowledged is missing`,
  async (engine, client) => {
    const url = await startFunction();
    const start = () =>
      new EngineProgram(join(root, `images/${engine}/src/main.ts`), temporaryFolder(), {
        WEFTKIT_PERSIST_MODE: "serverless",
        WEFTKIT_PERSIST_URL: url,
        WEFTKIT_PERSIST_SECRET: secret,
      });
    let serving = await start().ready();
    if (engine === "markdown") {
      const reply = await fetch(`http://127.0.0.1:${serving.port}/v1/collections`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ name: "wiki" }),
      });
      expect(reply.ok, await reply.text()).toBe(true);
    }
    const balancer = await new Balancer().open();
    balancer.target = serving.port;

    const acknowledged: string[] = [];
    let isOver = false;
    const failed = Promise.withResolvers<never>();
    const load = Array.from({ length: writers }, async (_, writer) => {
      for (let number = 0; !isOver; ) {
        const key = `w${writer}-${number}`;
        if (!(await client.write(balancer.port, key))) {
          await new Promise((resolve) => setTimeout(resolve, 20));
          continue;
        }
        acknowledged.push(key);
        number++;
      }
    });
    for (const writing of load) writing.catch(failed.reject);

    const downMs: number[] = [];
    for (let round = 0; round < handovers; round++) {
      const next = start();
      const asked = performance.now();
      await Promise.race([next.ready(), failed.promise]);
      downMs.push(performance.now() - asked);
      balancer.target = next.port;
      expect(await serving.exited, serving.output).toBe(0);
      serving = next;
      const before = acknowledged.length;
      // It serves writes of all, before the next one comes.
      await Promise.race([
        expect.poll(() => acknowledged.length - before, { timeout: 20_000 }).toBeGreaterThan(20),
        failed.promise,
      ]);
    }
    isOver = true;
    await Promise.all(load);
    const sample = acknowledged.filter((_, index) => index % Math.ceil(acknowledged.length / 500) === 0);
    for (const key of sample) expect(await client.has(serving.port, key), key).toBe(true);
    downMs.sort((one, other) => one - other);
    process.stdout.write(
      `${engine}: ${handovers} handovers, ${acknowledged.length} writes, start to ready ${Math.round(downMs[downMs.length >> 1]!)} ms at the median, ${Math.round(downMs.at(-1)!)} ms at most\n`,
    );
    expect(await serving.terminate()).toBe(0);
  },
  60_000 + handovers * 30_000,
);
