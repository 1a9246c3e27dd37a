import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RunningImage, startImage } from "@weftkit/host";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { afterAll, beforeAll, onTestFinished } from "vitest";
import { VectorEngine } from "../src/engine.ts";
import { weftkitVersion } from "../src/identity.ts";
import { VectorClient } from "./vector-client.ts";

export interface EngineOptions {
  readonly dataDir?: string;
  /** Keys of `[vector]`. */
  readonly vector?: Readonly<Record<string, unknown>>;
  /** Keys of `[server]`. */
  readonly server?: Readonly<Record<string, unknown>>;
  /** Keys of `[auth]`; default: nobody has to log in. */
  readonly auth?: Readonly<Record<string, unknown>>;
  /** Keys of `[tls]`. */
  readonly tls?: Readonly<Record<string, unknown>>;
}

/** The whole engine behind a real port, in this process, until the test has finished. */
export class RunningEngine {
  readonly image: RunningImage;
  readonly dataDir: string;
  #client: VectorClient | undefined;

  private constructor(image: RunningImage, dataDir: string) {
    this.image = image;
    this.dataDir = dataDir;
  }

  static async start(options: EngineOptions = {}): Promise<RunningEngine> {
    const engine = await RunningEngine.#start({ dataDir: temporaryFolder(), ...options });
    onTestFinished(() => engine.stop().catch(() => {}));
    return engine;
  }

  /** One for all tests of a file, which make collections of their own. Called beside the tests; used in them. */
  static forFile(): { readonly engine: RunningEngine } {
    let running: RunningEngine | undefined;
    const dataDir = mkdtempSync(join(tmpdir(), "weftkit-vector-"));
    beforeAll(async () => {
      running = await RunningEngine.#start({ dataDir });
    });
    afterAll(async () => {
      await running?.stop();
      rmSync(dataDir, { recursive: true, force: true });
    });
    return {
      get engine() {
        if (running === undefined) throw new Error("the engine runs while the tests do");
        return running;
      },
    };
  }

  static async #start(options: EngineOptions & { readonly dataDir: string }): Promise<RunningEngine> {
    const { dataDir, vector = {}, auth = { method: "none" }, tls } = options;
    const image = await startImage(
      { name: "vector", version: weftkitVersion, create: () => new VectorEngine() },
      {
        config: {
          server: { data_dir: dataDir, bind: "127.0.0.1", admin_port: 0, ...options.server },
          auth,
          vector: { port: 0, ...vector },
          ...(tls !== undefined && { tls }),
        },
      },
    );
    return new RunningEngine(image, dataDir);
  }

  get address(): string {
    return `127.0.0.1:${this.image.port}`;
  }

  get url(): string {
    return `http://${this.address}`;
  }

  /** A client without a token. */
  get client(): VectorClient {
    this.#client ??= new VectorClient(this.address);
    return this.#client;
  }

  async stop(): Promise<void> {
    this.#client?.close();
    await this.image.stop();
  }
}
