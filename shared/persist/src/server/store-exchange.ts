import { setTimeout as delay } from "node:timers/promises";
import { WeftkitError } from "@weftkit/core";

/** A request to a store's HTTP API, ready to be sent. */
export interface StoreRequest {
  readonly method: "GET" | "HEAD" | "PUT" | "POST" | "DELETE";
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>> | Headers;
  readonly body?: Uint8Array | undefined;
}

/** A response with its whole body. */
export interface StoreResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
}

export interface StoreExchange {
  /** The method and the object, for messages. */
  readonly what: string;
  /** Made anew for each attempt, as signatures and tokens are of their time. */
  prepare(): Promise<StoreRequest>;
  /** Of a body that is longer nothing is read, but for errors. */
  readonly bytesMax?: number | undefined;
  /** The store's own word for why it failed, for messages. */
  codeOf(response: StoreResponse): string | undefined;
  /** Of the error when no answer came. */
  readonly unreachable: string;
}

const attemptsMax = 4;
const firstWaitMsMax = 100;
const attemptTimeoutMs = 20_000;
/** Of an error's text. */
export const errorBodyBytesMax = 64 * 1024;

/**
 * The answer to a request, whatever its status below 500; what failed for a reason that may pass is repeated.
 *
 * @throws WeftkitError with the code `unreachable` when none came, or only failures of the service
 */
export async function exchange(wanted: StoreExchange): Promise<StoreResponse> {
  let failure: unknown;
  for (let attempt = 1; attempt <= attemptsMax; attempt++) {
    if (attempt > 1) await delay(Math.random() * firstWaitMsMax * 2 ** attempt);
    try {
      const response = await once(wanted);
      if (response.status < 500 && response.status !== 429) return response;
      failure = `${response.status} ${wanted.codeOf(response) ?? ""}`.trimEnd();
    } catch (error) {
      if (error instanceof WeftkitError) throw error;
      failure = reasonOf(error);
    }
  }
  const message = `${wanted.what} failed ${attemptsMax} times: ${failure}`;
  throw new WeftkitError(wanted.unreachable, message);
}

async function once({ what, prepare, bytesMax = errorBodyBytesMax }: StoreExchange): Promise<StoreResponse> {
  const { method, url, headers, body } = await prepare();
  const response = await fetch(url, {
    method,
    headers,
    redirect: "manual",
    signal: AbortSignal.timeout(attemptTimeoutMs),
    ...(body !== undefined && { body: body as Uint8Array<ArrayBuffer> }),
  });
  const received = await readAtMost(response, Math.max(bytesMax, errorBodyBytesMax), what);
  return { status: response.status, headers: response.headers, body: received };
}

async function readAtMost(response: Response, bytesMax: number, what: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > bytesMax) {
      const message = `${what} has more than the ${bytesMax} bytes that were expected`;
      throw new WeftkitError("object_too_large", message);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** fetch says "fetch failed"; why is in the cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
