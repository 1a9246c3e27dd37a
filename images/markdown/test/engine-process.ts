import { join } from "node:path";
import { Program } from "@weftkit/testing/program";

const program = join(import.meta.dirname, "../src/main.ts");

/** The engine as its image runs it: a process of its own, on free ports, killed when the test has finished. */
export class EngineProcess extends Program {
  port = 0;

  /** Starts it and waits until it serves. */
  static async start(dataDir: string, environment: Record<string, string> = {}): Promise<EngineProcess> {
    const env = {
      WEFTKIT_BIND: "127.0.0.1",
      WEFTKIT_PORT: "0",
      WEFTKIT_ADMIN_PORT: "0",
      WEFTKIT_AUTH: "none",
      WEFTKIT_DATA_DIR: dataDir,
    };
    const engine = new EngineProcess(program, { env: { ...env, ...environment } });
    const { port } = await engine.logged<{ port: number }>("ready");
    engine.port = port;
    return engine;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/v1`;
  }
}
