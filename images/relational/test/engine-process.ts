import { join } from "node:path";
import { EngineProgram } from "@weftkit/testing/engine-program";
import pg from "pg";
import { onTestFinished } from "vitest";

const program = join(import.meta.dirname, "../src/main.ts");

/** The engine as a process of its own, killed when the test has finished. */
export class EngineProcess extends EngineProgram {
  /** Starts it and waits until it serves. */
  static start(dataDir: string, environment: Record<string, string> = {}): Promise<EngineProcess> {
    return new EngineProcess(program, dataDir, environment).ready();
  }

  /** A client of node-postgres, connected; what ends it is told to the query that runs. */
  async client(): Promise<pg.Client> {
    const client = new pg.Client({ host: "127.0.0.1", port: this.port, user: "ann", database: "weftkit" });
    client.on("error", () => {});
    await client.connect();
    onTestFinished(() => void client.end().catch(() => {}));
    return client;
  }
}
