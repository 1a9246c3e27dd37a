import { join } from "node:path";
import { EngineProgram } from "@weftkit/testing/engine-program";
import { MongoClient, type MongoClientOptions } from "mongodb";
import { onTestFinished } from "vitest";

const program = join(import.meta.dirname, "../src/main.ts");

/** The engine as a process of its own, killed when the test has finished. */
export class EngineProcess extends EngineProgram {
  /** Starts it and waits until it serves. */
  static start(dataDir: string, environment: Record<string, string> = {}): Promise<EngineProcess> {
    return new EngineProcess(program, dataDir, environment).ready();
  }

  async client(options: MongoClientOptions = {}): Promise<MongoClient> {
    const client = new MongoClient(`mongodb://127.0.0.1:${this.port}/?replicaSet=rs0`, {
      serverSelectionTimeoutMS: 5000,
      ...options,
    });
    await client.connect();
    onTestFinished(() => client.close().catch(() => {}));
    return client;
  }
}
