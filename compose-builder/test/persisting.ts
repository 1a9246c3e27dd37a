import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { loadConfig } from "@weftkit/config";
import { Deadline } from "@weftkit/core";
import { createLogger, createMetrics, ReadinessRegistry } from "@weftkit/observe";
import { openPersistence } from "@weftkit/persist";
import { EngineStore } from "@weftkit/persist/pages";
import { Program } from "@weftkit/testing/program";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";

const root = join(import.meta.dirname, "../..");
const secret = "a secret that both sides have";
const adminToken = "an admin token";

/** The WKP-1 function for Node on a folder, and the variables by which engines and the command find it. */
export interface RunningFunction {
  readonly url: string;
  readonly storeFolder: string;
  readonly environment: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

export async function startFunction(): Promise<RunningFunction> {
  const folder = temporaryFolder();
  const storeFolder = join(folder, "store");
  const secretFile = join(folder, "secret");
  writeFileSync(secretFile, `${secret}\n`);
  const program = new Program(join(root, "functions/node-s3/src/main.ts"), {
    env: { WKP_PORT: "0", WKP_STORE: `file://${storeFolder}`, WKP_SECRET_FILE: secretFile },
  });
  const { port } = await program.logged("serving WKP-1");
  const url = `http://127.0.0.1:${port}`;
  const environment = { WEFTKIT_PERSIST_URL: url, WEFTKIT_PERSIST_SECRET_FILE: secretFile };
  return { url, storeFolder, environment, stop: () => stop(program) };
}

/** An inmemory engine that pushes to a function. */
export interface RunningEngine {
  readonly admin: string;
  /** Sends inline commands; resolves to the first line of each reply. */
  ask(...commands: string[]): Promise<string[]>;
  /** Pushes now; resolves to the push's number. */
  push(): Promise<number>;
  /** SIGTERM, and its end. */
  stop(): Promise<void>;
}

export async function startEngine(
  env: NodeJS.ProcessEnv,
  dataDir: string = temporaryFolder(),
): Promise<RunningEngine> {
  const program = new Program(join(root, "images/inmemory/src/main.ts"), {
    env: {
      WEFTKIT_AUTH: "none",
      WEFTKIT_BIND: "127.0.0.1",
      WEFTKIT_PORT: "0",
      WEFTKIT_ADMIN_PORT: "0",
      WEFTKIT_ADMIN_TOKEN: adminToken,
      WEFTKIT_DATA_DIR: dataDir,
      ...env,
    },
  });
  const { port, adminPort } = await program.logged<{ port: number; adminPort: number }>("ready");
  const admin = `http://127.0.0.1:${adminPort}`;
  return {
    admin,
    ask: (...commands) => ask(port, commands),
    async push() {
      const headers = { authorization: `Bearer ${adminToken}` };
      const reply = await fetch(`${admin}/v1/persist/flush`, { method: "POST", headers });
      return ((await reply.json()) as { seq: number }).seq;
    },
    stop: () => stop(program),
  };
}

/** Pushes the states of a database: after each of `batches` as many rows are added to the table `item`. */
export async function pushDatabase(
  { environment }: RunningFunction,
  subtree: { namespace: string; engine: string },
  batches: readonly number[],
): Promise<void> {
  const dataDir = temporaryFolder();
  const log = createLogger({ image: "test", level: "silent" });
  const parts = {
    log,
    metrics: createMetrics({ image: "test", processMetrics: false }),
    readiness: new ReadinessRegistry(log),
  };
  const engineStore = new EngineStore("items.db");
  const env = {
    ...environment,
    WEFTKIT_PERSIST_MODE: "serverless",
    WEFTKIT_PERSIST_NAMESPACE: subtree.namespace,
    WEFTKIT_PERSIST_REPLICA: "0",
  };
  const persistence = await openPersistence({
    config: loadConfig({ env, file: false }).config.persist,
    engine: subtree.engine,
    dataDir,
    streams: [engineStore.stream(dataDir, log)],
    ...parts,
    fenced: () => {},
  });
  try {
    const store = await engineStore.open({
      dataDir,
      applicationId: 0x57464b54,
      migrations: [
        {
          name: "create items",
          apply: (db) => db.exec("CREATE TABLE item (id INTEGER PRIMARY KEY, body BLOB)"),
        },
      ],
      ...parts,
      fatal: () => {},
    });
    for (const count of batches) {
      await store.write((db) => {
        const insert = db.prepare("INSERT INTO item (body) VALUES (randomblob(500))");
        for (let row = 0; row < count; row++) insert.run();
      });
      await persistence.flush();
    }
  } finally {
    using deadline = Deadline.after(10_000);
    await persistence.stop(deadline);
    await engineStore.close();
  }
}

async function stop(program: Program): Promise<void> {
  await program.terminate();
}

async function ask(port: number, commands: readonly string[]): Promise<string[]> {
  const socket = connect(port, "127.0.0.1");
  const lines = createInterface({ input: socket });
  const replies: string[] = [];
  try {
    for (const command of commands) {
      socket.write(`${command}\r\n`);
      replies.push((await once(lines, "line"))[0]);
    }
    return replies;
  } finally {
    socket.destroy();
  }
}
