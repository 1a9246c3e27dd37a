import { type RunningImage, startImage } from "@weftkit/host";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import neo4j, { type Config, type Driver } from "neo4j-driver";
import { onTestFinished } from "vitest";
import { GraphEngine } from "../src/engine.ts";

/** What a test may set, as in weftkit.toml. */
export interface TestSettings {
  readonly auth?: Readonly<Record<string, unknown>>;
  readonly tls?: Readonly<Record<string, unknown>>;
  readonly graph?: Readonly<Record<string, unknown>>;
  readonly server?: Readonly<Record<string, unknown>>;
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
    graph,
    server,
    dataDir = temporaryFolder(),
  }: TestSettings = {}): Promise<RunningEngine> {
    const image = await startImage(
      { name: "graph", version: "0.0.0", create: () => new GraphEngine() },
      {
        config: {
          server: { data_dir: dataDir, bind: "127.0.0.1", admin_port: 0, ...server },
          auth: { method: "none", ...auth },
          ...(tls !== undefined && { tls }),
          graph: { port: 0, ...graph },
        },
      },
    );
    onTestFinished(() => image.stop().catch(() => {}));
    return new RunningEngine(image, dataDir);
  }

  get port(): number {
    return this.image.port;
  }

  /** Neo4j's driver; integers are numbers where they fit, as tests read best so. */
  driver(config: Config = {}, login = neo4j.auth.basic("ann", "secret"), scheme = "bolt"): Driver {
    const driver = neo4j.driver(`${scheme}://127.0.0.1:${this.port}`, login, {
      disableLosslessIntegers: true,
      ...config,
    });
    onTestFinished(() => driver.close());
    return driver;
  }
}

/** The rows of one query, in a session of its own. */
export async function rows(
  driver: Driver,
  query: string,
  parameters: Record<string, unknown> = {},
): Promise<Record<string, unknown>[]> {
  const session = driver.session();
  try {
    const { records } = await session.run(query, parameters);
    return records.map((record) => record.toObject());
  } finally {
    await session.close();
  }
}

/** The code that a query is refused with. */
export async function refusal(
  driver: Driver,
  query: string,
  parameters: Record<string, unknown> = {},
): Promise<string> {
  try {
    await rows(driver, query, parameters);
  } catch (error) {
    return (error as { code: string }).code;
  }
  return "no error";
}
