import { join } from "node:path";
import { EngineProgram } from "@weftkit/testing/engine-program";
import { onTestFinished } from "vitest";
import { WireClient } from "./wire-client.ts";

const program = join(import.meta.dirname, "../src/main.ts");

/** The engine as a process of its own, killed when the test has finished. */
export class EngineProcess extends EngineProgram {
  /** Starts it without waiting; for starts that are meant to fail. */
  static launch(dataDir: string, environment: Record<string, string> = {}): EngineProcess {
    return new EngineProcess(program, dataDir, environment);
  }

  /** Starts it and waits until it serves. */
  static start(dataDir: string, environment: Record<string, string> = {}): Promise<EngineProcess> {
    return EngineProcess.launch(dataDir, environment).ready();
  }

  async client(): Promise<WireClient> {
    const client = await WireClient.connect(this.port);
    onTestFinished(() => client.destroy());
    return client;
  }
}
