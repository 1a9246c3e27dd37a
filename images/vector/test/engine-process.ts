import { join } from "node:path";
import { EngineProgram } from "@weftkit/testing/engine-program";

const program = join(import.meta.dirname, "../src/main.ts");

/** The engine as a process of its own, killed when the test has finished. */
export class EngineProcess extends EngineProgram {
  /** Starts it and waits until it serves. */
  static start(dataDir: string, environment: Record<string, string> = {}): Promise<EngineProcess> {
    return new EngineProcess(program, dataDir, environment).ready();
  }
}
