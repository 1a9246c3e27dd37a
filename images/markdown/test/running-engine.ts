import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RunningImage, startImage } from "@weftkit/host";
import { onTestFinished } from "vitest";
import { MarkdownEngine } from "../src/engine.ts";
import { weftkitVersion } from "../src/identity.ts";

/** A folder of this test's own. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "weftkit-markdown-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface EngineOptions {
  readonly dataDir?: string;
  /** Keys of `[markdown]`. */
  readonly markdown?: Readonly<Record<string, unknown>>;
  /** Keys of `[auth]`; default: nobody has to log in. */
  readonly auth?: Readonly<Record<string, unknown>>;
  readonly logStream?: { write(line: string): void };
}

/** An answer, its body read. */
export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: what an API answers is looked at member by member
  readonly json: any;
}

/** What a test sends: a body that is no text or bytes goes as JSON. */
export interface Sent {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly type?: string;
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
    const { dataDir = temporaryFolder(), markdown = {}, auth = { method: "none" }, logStream } = options;
    const image = await startImage(
      { name: "markdown", version: weftkitVersion, create: () => new MarkdownEngine() },
      {
        config: {
          server: { data_dir: dataDir, bind: "127.0.0.1", admin_port: 0 },
          auth,
          markdown: { port: 0, ...markdown },
        },
        ...(logStream !== undefined && { logStream }),
      },
    );
    onTestFinished(() => image.stop().catch(() => {}));
    return new RunningEngine(image, dataDir);
  }

  /** One with an empty collection `wiki`. */
  static async withWiki(options: EngineOptions = {}): Promise<RunningEngine> {
    const engine = await RunningEngine.start(options);
    await engine.call("POST", "/collections", { body: { name: "wiki" } });
    return engine;
  }

  get url(): string {
    return `http://127.0.0.1:${this.image.port}/v1`;
  }

  async call(method: string, path: string, sent: Sent = {}): Promise<Reply> {
    return callUrl(method, this.url + path, sent);
  }

  /** Writes a Markdown text as a document of `wiki`. */
  put(id: string, text: string, headers: Readonly<Record<string, string>> = {}): Promise<Reply> {
    return this.call("PUT", `/collections/wiki/documents/${id}`, {
      body: text,
      type: "text/markdown",
      headers,
    });
  }

  get(
    id: string,
    accept = "application/json",
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Reply> {
    return this.call("GET", `/collections/wiki/documents/${id}`, { headers: { accept, ...headers } });
  }
}

export async function callUrl(
  method: string,
  url: string,
  { headers = {}, body, type }: Sent = {},
): Promise<Reply> {
  const isRaw = typeof body === "string" || body instanceof Uint8Array;
  const mediaType = type ?? (body === undefined || isRaw ? undefined : "application/json");
  const response = await fetch(url, {
    method,
    headers: { ...(mediaType !== undefined && { "content-type": mediaType }), ...headers },
    ...(body !== undefined && { body: isRaw ? (body as string) : JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = /^application\/(?:problem\+)?json$/.test(response.headers.get("content-type") ?? "");
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: isJson ? JSON.parse(text) : undefined,
  };
}

/** The last part of a problem's type. */
export function problemOf(reply: Reply): string | undefined {
  return reply.json?.type?.replace("urn:weftkit:problem:", "");
}
