import { Program } from "./program.ts";

/** An engine as its image runs it: a process of its own, on free ports of the loopback address, without logins. */
export class EngineProgram extends Program {
  /** Known when it serves. */
  port = 0;
  adminPort = 0;

  /** Starts the engine's main file, without waiting. */
  constructor(file: string, dataDir: string, environment: Readonly<Record<string, string>> = {}) {
    const env = {
      WEFTKIT_BIND: "127.0.0.1",
      WEFTKIT_PORT: "0",
      WEFTKIT_ADMIN_PORT: "0",
      WEFTKIT_AUTH: "none",
      WEFTKIT_DATA_DIR: dataDir,
    };
    super(file, { env: { ...env, ...environment } });
  }

  /** Resolves when it serves. */
  async ready(): Promise<this> {
    const { port, adminPort } = await this.logged<{ port: number; adminPort: number }>("ready");
    this.port = port;
    this.adminPort = adminPort;
    return this;
  }
}
