import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { S3Client, type S3ClientConfig } from "@aws-sdk/client-s3";
import { type RunningImage, startImage } from "@weftkit/host";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { afterAll, beforeAll, onTestFinished } from "vitest";
import { FilestoreEngine } from "../src/engine.ts";
import { weftkitVersion } from "../src/identity.ts";

export interface EngineOptions {
  readonly dataDir?: string;
  /** Keys of `[filestore]`. */
  readonly filestore?: Readonly<Record<string, unknown>>;
  /** Keys of `[server]`. */
  readonly server?: Readonly<Record<string, unknown>>;
  /** Keys of `[auth]`; default: nobody has to log in. */
  readonly auth?: Readonly<Record<string, unknown>>;
  readonly logStream?: { write(line: string): void };
}

/** The whole engine behind a real port, in this process. */
export class RunningEngine {
  readonly image: RunningImage;
  readonly dataDir: string;

  private constructor(image: RunningImage, dataDir: string) {
    this.image = image;
    this.dataDir = dataDir;
  }

  /** One until the test has finished. */
  static async start(options: EngineOptions = {}): Promise<RunningEngine> {
    const engine = await RunningEngine.#start({ dataDir: temporaryFolder(), ...options });
    onTestFinished(() => engine.image.stop().catch(() => {}));
    return engine;
  }

  /** One for all tests of a file, which make buckets of their own. Called beside the tests; used in them. */
  static forFile(options: EngineOptions = {}): { readonly engine: RunningEngine } {
    let running: RunningEngine | undefined;
    const dataDir = mkdtempSync(join(tmpdir(), "weftkit-filestore-"));
    beforeAll(async () => {
      running = await RunningEngine.#start({ ...options, dataDir });
    });
    afterAll(async () => {
      await running?.image.stop();
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
    const { dataDir, filestore = {}, auth = { method: "none" }, logStream } = options;
    const image = await startImage(
      { name: "filestore", version: weftkitVersion, create: () => new FilestoreEngine() },
      {
        config: {
          server: { data_dir: dataDir, bind: "127.0.0.1", admin_port: 0, ...options.server },
          auth,
          filestore: { port: 0, ...filestore },
        },
        ...(logStream !== undefined && { logStream }),
      },
    );
    return new RunningEngine(image, dataDir);
  }

  get url(): string {
    return `http://127.0.0.1:${this.image.port}`;
  }

  /** AWS's own client, until the test has finished. */
  client(options: Partial<S3ClientConfig> = {}): S3Client {
    const client = new S3Client({ ...clientOptions(this.url), ...options });
    onTestFinished(() => client.destroy());
    return client;
  }
}

/** What a client needs; without users any credentials do. */
export function clientOptions(endpoint: string, user = "any", password = "any") {
  return {
    endpoint,
    region: "us-east-1",
    forcePathStyle: true,
    credentials: { accessKeyId: user, secretAccessKey: password },
    maxAttempts: 1,
  };
}

let count = 0;

/** A bucket's name that nobody else has. */
export function newName(): string {
  count++;
  return `bucket-${process.pid}-${count}`;
}

/** Users of tests that ask who may what: two accounts, and users of the shared one. */
export const users = {
  method: "password",
  users: [
    { username: "admin", password: "password of admin", roles: ["superuser"] },
    { username: "app", password: "password of app", roles: ["read", "write"] },
    { username: "reader", password: "password of reader", roles: ["read"] },
    { username: "partner", password: "password of partner", roles: ["read", "write", "schema_admin"] },
  ],
} as const;
