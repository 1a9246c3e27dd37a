import { join } from "node:path";
import { EngineProgram } from "@weftkit/testing/engine-program";
import neo4j, { type Driver } from "neo4j-driver";
import { onTestFinished } from "vitest";

const program = join(import.meta.dirname, "../src/main.ts");

/** The engine as a process of its own, killed when the test has finished. */
export class EngineProcess extends EngineProgram {
  /** Starts it and waits until it serves. */
  static start(dataDir: string, environment: Record<string, string> = {}): Promise<EngineProcess> {
    return new EngineProcess(program, dataDir, environment).ready();
  }

  driver(): Driver {
    const driver = neo4j.driver(`bolt://127.0.0.1:${this.port}`, neo4j.auth.basic("ann", "x"), {
      disableLosslessIntegers: true,
      maxTransactionRetryTime: 0,
    });
    onTestFinished(() => driver.close());
    return driver;
  }
}
