import { type RunningImage, startImage } from "@weftkit/host";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import pg from "pg";
import { onTestFinished } from "vitest";
import { RelationalEngine } from "../src/engine.ts";
import { WireClient } from "./wire-client.ts";

/** What a test may set, as in weftkit.toml. */
export interface TestSettings {
  readonly auth?: Readonly<Record<string, unknown>>;
  readonly tls?: Readonly<Record<string, unknown>>;
  readonly relational?: Readonly<Record<string, unknown>>;
  readonly server?: Readonly<Record<string, unknown>>;
  readonly cdc?: Readonly<Record<string, unknown>>;
  readonly dataDir?: string;
}

/** The engine as its image runs it, in this process, on a free port; without logins unless a test sets some. */
export class RunningEngine {
  readonly image: RunningImage;
  readonly dataDir: string;

  private constructor(image: RunningImage, dataDir: string) {
    this.image = image;
    this.dataDir = dataDir;
  }

  static async start({
    auth,
    tls,
    relational,
    server,
    cdc,
    dataDir = temporaryFolder(),
  }: TestSettings = {}): Promise<RunningEngine> {
    const image = await startImage(
      { name: "relational", version: "0.0.0", create: () => new RelationalEngine() },
      {
        config: {
          server: { data_dir: dataDir, bind: "127.0.0.1", admin_port: 0, ...server },
          ...(cdc !== undefined && { cdc }),
          auth: { method: "none", ...auth },
          ...(tls !== undefined && { tls }),
          relational: { port: 0, ...relational },
        },
      },
    );
    onTestFinished(() => image.stop().catch(() => {}));
    return new RunningEngine(image, dataDir);
  }

  get port(): number {
    return this.image.port;
  }

  /** A client of node-postgres. */
  async client(options: pg.ClientConfig = {}): Promise<pg.Client> {
    const client = new pg.Client({
      host: "127.0.0.1",
      port: this.port,
      user: "ann",
      database: "weftkit",
      ...options,
    });
    client.on("error", () => {});
    await client.connect();
    onTestFinished(() => client.end().catch(() => {}));
    return client;
  }

  /** A client that writes the protocol's messages as a test says; logged in. */
  wire(parameters: Readonly<Record<string, string>> = {}, minor = 0): Promise<WireClient> {
    return WireClient.start(this.port, { user: "ann", database: "weftkit", ...parameters }, minor);
  }
}
