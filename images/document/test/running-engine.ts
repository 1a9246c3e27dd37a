import { type RunningImage, startImage } from "@weftkit/host";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { MongoClient, type MongoClientOptions } from "mongodb";
import { onTestFinished } from "vitest";
import { DocumentEngine } from "../src/engine.ts";

/** What a test may set, as in weftkit.toml. */
export interface TestSettings {
  readonly auth?: Readonly<Record<string, unknown>>;
  readonly tls?: Readonly<Record<string, unknown>>;
  readonly document?: Readonly<Record<string, unknown>>;
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
    document,
    dataDir = temporaryFolder(),
  }: TestSettings = {}): Promise<RunningEngine> {
    const image = await startImage(
      { name: "document", version: "0.0.0", create: () => new DocumentEngine() },
      {
        config: {
          server: { data_dir: dataDir, bind: "127.0.0.1", admin_port: 0 },
          auth: { method: "none", ...auth },
          ...(tls !== undefined && { tls }),
          document: { port: 0, ...document },
        },
      },
    );
    onTestFinished(() => image.stop().catch(() => {}));
    return new RunningEngine(image, dataDir);
  }

  get port(): number {
    return this.image.port;
  }

  /** A connected client of MongoDB's driver for Node. */
  async client(options: MongoClientOptions = {}, login = ""): Promise<MongoClient> {
    const client = new MongoClient(`mongodb://${login}127.0.0.1:${this.port}/`, options);
    await client.connect();
    onTestFinished(() => client.close().catch(() => {}));
    return client;
  }
}
