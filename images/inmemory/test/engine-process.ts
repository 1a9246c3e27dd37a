import { join } from "node:path";
import { Program } from "@weftkit/testing/program";
import { onTestFinished } from "vitest";
import { WireClient } from "./wire-client.ts";

const program = join(import.meta.dirname, "../src/main.ts");

/** The engine as its image runs it: a process of its own, on free ports, killed when the test has finished. */
export class EngineProcess extends Program {
  port = 0;

  /** Starts it without waiting; for starts that are meant to fail. */
  static launch(dataDir: string, environment: Record<string, string> = {}): EngineProcess {
    const env = {
      WEFTKIT_BIND: "127.0.0.1",
      WEFTKIT_PORT: "0",
      WEFTKIT_ADMIN_PORT: "0",
      WEFTKIT_AUTH: "none",
      WEFTKIT_DATA_DIR: dataDir,
    };
    return new EngineProcess(program, { env: { ...env, ...environment } });
  }

  /** Starts it and waits until it serves. */
  static async start(dataDir: string, environment: Record<string, string> = {}): Promise<EngineProcess> {
    const engine = EngineProcess.launch(dataDir, environment);
    const { port } = await engine.logged<{ port: number }>("ready");
    engine.port = port;
    return engine;
  }

  async client(): Promise<WireClient> {
    const client = await WireClient.connect(this.port);
    onTestFinished(() => client.destroy());
    return client;
  }
}
