import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DynamoDBClient, type DynamoDBClientConfig } from "@aws-sdk/client-dynamodb";
import { type RunningImage, startImage } from "@weftkit/host";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { afterAll, beforeAll, onTestFinished } from "vitest";
import { KeyValueEngine } from "../src/engine.ts";
import { weftkitVersion } from "../src/identity.ts";

export interface EngineOptions {
  readonly dataDir?: string;
  /** Keys of `[keyvalue]`. */
  readonly keyvalue?: Readonly<Record<string, unknown>>;
  /** Keys of `[server]`. */
  readonly server?: Readonly<Record<string, unknown>>;
  /** Keys of `[auth]`; default: nobody has to log in. */
  readonly auth?: Readonly<Record<string, unknown>>;
  readonly logStream?: { write(line: string): void };
}

/** An answer to a request without an SDK. */
export interface RawReply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: what an API answers is looked at member by member
  readonly json: any;
}

/** The whole engine behind a real port, in this process, until the test has finished. */
export class RunningEngine {
  readonly image: RunningImage;
  readonly dataDir: string;

  private constructor(image: RunningImage, dataDir: string) {
    this.image = image;
    this.dataDir = dataDir;
  }

  static async start(options: EngineOptions = {}): Promise<RunningEngine> {
    const engine = await RunningEngine.#start({ dataDir: temporaryFolder(), ...options });
    onTestFinished(() => engine.image.stop().catch(() => {}));
    return engine;
  }

  /** One for all tests of a file, which make tables of their own. Called beside the tests; used in them. */
  static forFile(): { readonly engine: RunningEngine } {
    let running: RunningEngine | undefined;
    const dataDir = mkdtempSync(join(tmpdir(), "weftkit-keyvalue-"));
    beforeAll(async () => {
      running = await RunningEngine.#start({ dataDir });
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
    const { dataDir, keyvalue = {}, auth = { method: "none" }, logStream } = options;
    const image = await startImage(
      { name: "keyvalue", version: weftkitVersion, create: () => new KeyValueEngine() },
      {
        config: {
          server: { data_dir: dataDir, bind: "127.0.0.1", admin_port: 0, ...options.server },
          auth,
          keyvalue: { port: 0, ...keyvalue },
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
  client(options: Partial<DynamoDBClientConfig> = {}): DynamoDBClient {
    const client = new DynamoDBClient({ ...clientOptions(this.url), ...options });
    onTestFinished(() => client.destroy());
    return client;
  }

  /** A request as it stands. */
  call(operation: string, body: unknown, headers: Record<string, string> = {}): Promise<RawReply> {
    return callUrl(this.url, operation, body, headers);
  }
}

/** What a client needs for an endpoint without users. */
export function clientOptions(endpoint: string) {
  return {
    endpoint,
    region: "eu-central-1",
    credentials: { accessKeyId: "any", secretAccessKey: "any" },
    maxAttempts: 1,
  };
}

const credentials =
  "AWS4-HMAC-SHA256 Credential=any/20260101/eu-central-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0";

export async function callUrl(
  url: string,
  operation: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<RawReply> {
  const response = await fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/x-amz-json-1.0",
      "x-amz-target": operation.includes(".") ? operation : `DynamoDB_20120810.${operation}`,
      authorization: credentials,
      "x-amz-date": "20260101T000000Z",
      ...headers,
    },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  const text = await response.text();
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // Some answers are not JSON, as AWS's are not.
  }
  return { status: response.status, headers: response.headers, text, json };
}
