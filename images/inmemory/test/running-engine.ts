import { type RunningImage, startImage } from "@weftkit/host";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { onTestFinished } from "vitest";
import { InmemoryEngine, type InmemoryOptions } from "../src/engine.ts";
import { weftkitVersion } from "../src/identity.ts";
import { WireClient } from "./wire-client.ts";

export const adminToken = "only for tests";

export interface EngineOptions {
  dataDir?: string;
  /** Keys of `[inmemory]`. */
  inmemory?: Record<string, unknown>;
  /** Keys of `[auth]`; default: nobody has to log in. */
  auth?: Record<string, unknown>;
  tls?: Record<string, unknown>;
  /** What is kept for those who follow the changes. */
  changes?: InmemoryOptions["changes"];
  cdc?: Record<string, unknown>;
  logStream?: { write(line: string): void };
}

/** The whole engine behind a real port, in this process, until the test has finished. */
export class RunningEngine {
  /** Whether engines that start from now on serve plain sockets by the native module, where it is built. */
  static hasNativeSockets = true;
  readonly image: RunningImage;
  readonly port: number;

  private constructor(image: RunningImage) {
    this.image = image;
    this.port = image.port;
  }

  static async start(options: EngineOptions = {}): Promise<RunningEngine> {
    const { dataDir = temporaryFolder(), inmemory = {}, auth = { method: "none" } } = options;
    const { tls, cdc, changes, logStream } = options;
    const engineOptions = {
      hasNativeSockets: RunningEngine.hasNativeSockets,
      // However slow the machine is, whoever reads now and then is not gone.
      changes: { graceMs: 3_600_000, ...changes },
    };
    const image = await startImage(
      { name: "inmemory", version: weftkitVersion, create: () => new InmemoryEngine(engineOptions) },
      {
        config: {
          server: { data_dir: dataDir, bind: "127.0.0.1", admin_port: 0, admin_token: adminToken },
          auth,
          inmemory: { port: 0, ...inmemory },
          ...(tls !== undefined && { tls }),
          ...(cdc !== undefined && { cdc }),
        },
        ...(logStream !== undefined && { logStream }),
      },
    );
    onTestFinished(() => image.stop().catch(() => {}));
    return new RunningEngine(image);
  }

  /** A client of the engine; closed when the test has finished. */
  async client(options: { allowHalfOpen?: boolean } = {}): Promise<WireClient> {
    const client = await WireClient.connect(this.port, options);
    onTestFinished(() => client.destroy());
    return client;
  }
}
