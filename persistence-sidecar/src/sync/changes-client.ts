import { parseExact } from "@weftkit/cdc/exact-json";
import { Behind } from "./side.ts";

/** A commit as `GET /v1/changes` of an engine's admin port gives it. */
export interface ReadCommit {
  readonly token: string;
  readonly stamp: string;
  readonly origin: string;
  readonly changes: readonly {
    readonly namespace: string;
    /** base64 */
    readonly key: string;
    readonly op: "insert" | "update" | "delete" | "truncate" | "schema";
    readonly before?: unknown;
    readonly after?: unknown;
  }[];
}

export interface ChangesClientOptions {
  /** `http://engine:9464` */
  readonly url: string;
  readonly token: string | undefined;
  /** The engine keeps what comes after what this name has asked for. */
  readonly consumer: string;
}

/** So long a stream is read before its place is told again: the engine keeps what comes after the place that was told last. */
const streamMsMax = 5_000;
const streamBytesMax = 8 * 1024 * 1024;
/** So long the engine is waited for when it is asked for one thing. */
const answerMsMax = 30_000;
/** An engine says something every ten seconds. */
const silenceMsMax = 35_000;

function commitOf(line: string): ReadCommit {
  const commit = parseExact(line) as ReadCommit & { code?: string; error?: string };
  if (commit.code !== undefined) throw new Behind(commit.error);
  return commit;
}

/** Reads the changes of a WeftKit engine. */
export class ChangesClient {
  readonly #options: ChangesClientOptions;

  constructor(options: ChangesClientOptions) {
    this.#options = options;
  }

  /** What is committed from now on will be kept; resolves to the place. What was kept before is forgotten. */
  async begin(): Promise<string> {
    const { consumer } = this.#options;
    // Also of the answer's body: it must not stay away for ever.
    const signal = AbortSignal.timeout(answerMsMax);
    await this.#ask(`/v1/changes/forget?consumer=${consumer}`, { method: "POST", signal });
    const response = await this.#ask(`/v1/changes?end=true&consumer=${consumer}`, { signal });
    const [first = ""] = (await response.text()).split("\n");
    return (parseExact(first) as ReadCommit).token;
  }

  /** Everything after a token, as it comes. @throws Behind when it is not known any more */
  async *follow(after: string, signal: AbortSignal): AsyncGenerator<readonly ReadCommit[]> {
    let token = after;
    while (!signal.aborted) {
      for await (const commits of this.#stream(token, signal)) {
        yield commits;
        token = commits.at(-1)!.token;
      }
    }
  }

  async *#stream(after: string, signal: AbortSignal): AsyncGenerator<readonly ReadCommit[]> {
    const { consumer } = this.#options;
    const ended = new AbortController();
    const endedOr = AbortSignal.any([signal, ended.signal]);
    let silence: NodeJS.Timeout | undefined;
    const speak = () => {
      clearTimeout(silence);
      silence = setTimeout(() => ended.abort(new Error("the engine's changes stay away")), silenceMsMax);
    };
    speak();
    try {
      const response = await this.#ask(`/v1/changes?consumer=${consumer}&after=${after}`, {
        signal: endedOr,
      });
      const startedMs = performance.now();
      let bytes = 0;
      let rest = "";
      let isFirst = true;
      for await (const text of response.body!.pipeThrough(new TextDecoderStream())) {
        speak();
        bytes += text.length;
        const lines = (rest + text).split("\n");
        rest = lines.pop()!;
        const commits = lines.map(commitOf);
        // The first says where the stream begins.
        const told = isFirst ? commits.slice(1) : commits;
        if (commits.length > 0) isFirst = false;
        if (told.length > 0) {
          // Whoever follows may wait for room: nothing is read then, and that is no silence.
          clearTimeout(silence);
          yield told;
          speak();
        }
        if (bytes > streamBytesMax || performance.now() - startedMs > streamMsMax) return;
      }
    } catch (error) {
      if (ended.signal.aborted) throw ended.signal.reason;
      throw error;
    } finally {
      clearTimeout(silence);
      ended.abort();
    }
  }

  async #ask(path: string, init: RequestInit = {}): Promise<Response> {
    const { url, token } = this.#options;
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const response = await fetch(new URL(path, url), { ...init, headers });
    if (response.ok) return response;
    const text = await response.text();
    if (response.status === 410) throw new Behind(text);
    throw new Error(`${url} answers with ${response.status}: ${text.slice(0, 500)}`);
  }
}
