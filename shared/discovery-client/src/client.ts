import { readFileSync } from "node:fs";
import {
  type ClientRequest,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
} from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { type Config, ConfigError, type Mistake } from "@weftkit/config";
import { WeftkitError } from "@weftkit/core";

/** Why discovery did not do what it was asked for; `status` when it answered. */
export class DiscoveryError extends WeftkitError {
  readonly status: number | undefined;
  /** The kind of problem that it named: `older-epoch`. */
  readonly type: string | undefined;

  constructor(message: string, status?: number, type?: string) {
    super("discovery_failed", message);
    this.name = "DiscoveryError";
    this.status = status;
    this.type = type;
  }
}

export interface ClientOptions {
  /** The nodes of discovery: `http://discovery:8500`. */
  readonly urls: readonly URL[];
  readonly token: string | undefined;
  readonly tls: { readonly ca?: Buffer; readonly cert?: Buffer; readonly key?: Buffer };
}

export interface Asked {
  readonly method?: "GET" | "PUT" | "POST" | "DELETE";
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

export interface Answered {
  readonly value: unknown;
  /** This machine's address, as discovery saw it. */
  readonly localAddress: string;
}

const answerBytesMax = 32 * 1024 ** 2;

/** Asks discovery, one of its nodes: the one that answered last, the next when it does not. */
export class DiscoveryClient {
  readonly #options: ClientOptions;
  readonly #agents: { http: HttpAgent; https: HttpsAgent };
  #current = 0;

  constructor(options: ClientOptions) {
    this.#options = options;
    const { ca, cert, key } = options.tls;
    this.#agents = {
      http: new HttpAgent({ keepAlive: true }),
      https: new HttpsAgent({
        keepAlive: true,
        ...(ca !== undefined && { ca }),
        ...(cert !== undefined && { cert }),
        ...(key !== undefined && { key }),
      }),
    };
  }

  /** How many nodes there are to ask. */
  get nodes(): number {
    return this.#options.urls.length;
  }

  /** Where it asks now, for log lines. */
  get url(): string {
    return this.#options.urls[this.#current]!.origin;
  }

  /** Takes the next node. */
  next(): void {
    this.#current = (this.#current + 1) % this.#options.urls.length;
  }

  close(): void {
    this.#agents.http.destroy();
    this.#agents.https.destroy();
  }

  /**
   * Asks for something below `/v1`, each node once until one answers.
   *
   * @throws DiscoveryError what the node answered, or that none did
   */
  async ask(path: string, asked: Asked): Promise<Answered> {
    for (let left = this.nodes; ; left--) {
      try {
        return await this.#askOne(path, asked);
      } catch (error) {
        const isAnswer = error instanceof DiscoveryError && error.status !== undefined && error.status < 500;
        if (isAnswer || left <= 1 || asked.signal?.aborted === true) throw error;
        this.next();
      }
    }
  }

  /** Opens a stream below `/v1` at the current node. @throws DiscoveryError */
  async open(path: string, asked: Asked): Promise<IncomingMessage> {
    const answer = await this.#send(path, asked);
    if (answer.statusCode === 200) return answer;
    throw await this.#errorOf(answer, asked.timeoutMs);
  }

  async #askOne(path: string, asked: Asked): Promise<Answered> {
    const answer = await this.#send(path, asked);
    const { statusCode = 0 } = answer;
    if (statusCode >= 300) throw await this.#errorOf(answer, asked.timeoutMs);
    const localAddress = answer.socket.localAddress ?? "";
    const text = await this.#text(answer, asked.timeoutMs);
    try {
      return { value: text === "" ? undefined : (JSON.parse(text) as unknown), localAddress };
    } catch {
      throw new DiscoveryError(`${this.url} answered ${path} with what is no JSON`);
    }
  }

  async #errorOf(answer: IncomingMessage, timeoutMs: number): Promise<DiscoveryError> {
    const { statusCode = 0 } = answer;
    let detail = "";
    let type: string | undefined;
    try {
      const problem = JSON.parse(await this.#text(answer, timeoutMs)) as { detail?: unknown; type?: unknown };
      if (typeof problem.detail === "string") detail = `: ${problem.detail}`;
      if (typeof problem.type === "string") type = problem.type.replace("urn:weftkit:problem:", "");
    } catch {
      // A proxy's page, or nothing: the status says enough.
    }
    return new DiscoveryError(`${this.url} answered ${statusCode}${detail}`, statusCode, type);
  }

  /** The body, which has as much time again as the answer had to begin. */
  async #text(answer: IncomingMessage, timeoutMs: number): Promise<string> {
    const pieces: Buffer[] = [];
    let bytes = 0;
    const timer = setTimeout(
      () => answer.destroy(new Error(`no whole answer in ${timeoutMs} ms`)),
      timeoutMs,
    );
    try {
      for await (const piece of answer) {
        bytes += (piece as Buffer).length;
        if (bytes > answerBytesMax) throw new Error("the answer is too long");
        pieces.push(piece as Buffer);
      }
    } catch (error) {
      throw this.#unreachable(error);
    } finally {
      clearTimeout(timer);
    }
    return Buffer.concat(pieces).toString();
  }

  /** Resolves with the headers of the answer. */
  #send(path: string, asked: Asked): Promise<IncomingMessage> {
    const { method = "GET", body, headers, timeoutMs, signal } = asked;
    const url = new URL(`/v1${path}`, this.#options.urls[this.#current]);
    const isTls = url.protocol === "https:";
    const sent = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const options = {
      method,
      headers: {
        ...(this.#options.token !== undefined && { authorization: `Bearer ${this.#options.token}` }),
        ...(sent !== undefined && { "content-type": "application/json" }),
        ...(method !== "GET" && { "content-length": sent?.length ?? 0 }),
        ...headers,
      },
      ...(signal !== undefined && { signal }),
    };
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const request: ClientRequest = isTls
      ? httpsRequest(url, { ...options, agent: this.#agents.https })
      : httpRequest(url, { ...options, agent: this.#agents.http });
    const timer = setTimeout(() => request.destroy(new Error(`no answer in ${timeoutMs} ms`)), timeoutMs);
    request.on("response", (answer) => {
      clearTimeout(timer);
      resolve(answer);
    });
    request.on("error", (error) => {
      clearTimeout(timer);
      reject(this.#unreachable(error));
    });
    request.end(sent);
    return promise;
  }

  #unreachable(error: unknown): DiscoveryError {
    const { code, message } = error as NodeJS.ErrnoException;
    return new DiscoveryError(`${this.url} does not answer: ${code ?? message}`);
  }
}

/**
 * The client of `[discovery_client]`; undefined when no node is named.
 *
 * @throws ConfigError
 */
export function discoveryClient(config: Config["discovery_client"]): DiscoveryClient | undefined {
  const mistakes: Mistake[] = [];
  const urls = config.urls.flatMap((text) => {
    const url = URL.parse(text);
    if (url !== null && /^https?:$/.test(url.protocol) && url.pathname === "/") return [url];
    mistakes.push({
      where: "discovery_client.urls",
      message: `"${text}" is no address of discovery, such as http://discovery:8500`,
    });
    return [];
  });
  const read = (key: "ca_file" | "cert_file" | "key_file"): Buffer | undefined => {
    const path = config[key];
    if (path === undefined) return undefined;
    try {
      return readFileSync(path);
    } catch (error) {
      const reason = (error as NodeJS.ErrnoException).code ?? String(error);
      mistakes.push({ where: `discovery_client.${key}`, message: `cannot read ${path}: ${reason}` });
      return undefined;
    }
  };
  const [ca, cert, key] = [read("ca_file"), read("cert_file"), read("key_file")];
  if (mistakes.length > 0) throw new ConfigError(mistakes);
  if (urls.length === 0) return undefined;
  return new DiscoveryClient({
    urls,
    token: config.token,
    tls: { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) },
  });
}
