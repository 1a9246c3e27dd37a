import { randomBytes } from "node:crypto";
import type { HttpConnections, HttpReply } from "../client/exchange.ts";
import { type ContractErrorCode, contractErrors, type ErrorReply } from "../contract/messages.ts";
import { type MessageReader, readErrorReply } from "../contract/parse-messages.ts";
import {
  canonicalQuery,
  headerNames,
  isSignatureOf,
  newNonce,
  replyText,
  type SignedFields,
  type SigningKey,
  sha256,
  signRequest,
} from "../contract/signing.ts";
import { Deviation, require } from "./deviation.ts";

/** A request as a check wants it; what is left out is as an engine would send it. */
export interface ProbeRequest {
  readonly method?: "GET" | "POST" | "PUT";
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** An object is sent as JSON. */
  readonly body?: unknown;
  readonly key?: SigningKey;
  /** Signed instead of the right values. */
  readonly fields?: Partial<SignedFields>;
  /** Changes what was signed, after it was signed. */
  readonly tamper?: {
    readonly headers?: Readonly<Record<string, string | undefined>>;
    readonly query?: Readonly<Record<string, string>>;
    readonly body?: Uint8Array;
  };
}

/** A reply, and whether the endpoint has signed it for this request. */
export interface ProbeReply extends HttpReply {
  readonly isSigned: boolean;
  readonly nonce: string;
}

const timeoutMs = 60_000;
const replyBytesMax = 64 * 1024 * 1024;

/** Talks to the endpoint as an engine would, or as somebody who is none. */
export class Probe {
  /** Fresh for each check. */
  readonly subtree: string;
  readonly key: SigningKey;
  readonly #base: URL;
  readonly #connections: HttpConnections;

  constructor(base: URL, key: SigningKey, connections: HttpConnections) {
    this.#base = base;
    this.key = key;
    this.#connections = connections;
    this.subtree = newSubtree();
  }

  async send(request: ProbeRequest): Promise<ProbeReply> {
    const { method = "POST", path, query = {}, key = this.key, tamper = {} } = request;
    const body = bodyOf(request.body);
    const nonce = newNonce();
    const headers = signRequest(
      key,
      { method, path, query },
      {
        timestamp: Date.now(),
        nonce,
        contentSha256: sha256(body),
        subtree: this.subtree,
        epoch: 0,
        seq: 0,
        prev: null,
        ...request.fields,
      },
    );
    const url = new URL(this.#base);
    url.pathname += url.pathname === "/" ? path.slice(1) : path;
    url.search = canonicalQuery(tamper.query ?? query);
    const sent = Object.entries({ ...headers, ...tamper.headers }).filter(([, value]) => value !== undefined);
    return await this.#exchange(
      url,
      method,
      Object.fromEntries(sent) as Record<string, string>,
      tamper.body ?? body,
      {
        nonce: request.fields?.nonce ?? nonce,
        key,
      },
    );
  }

  /** Without any signature. */
  async sendUnsigned(method: "GET" | "POST", path: string, body?: unknown): Promise<ProbeReply> {
    const url = new URL(this.#base);
    url.pathname += url.pathname === "/" ? path.slice(1) : path;
    return await this.#exchange(url, method, {}, bodyOf(body), { nonce: newNonce(), key: this.key });
  }

  /** To or from the store, by a URL that the endpoint has given. */
  async direct(
    method: "GET" | "PUT",
    url: string,
    headers: Readonly<Record<string, string>>,
    body?: Uint8Array,
  ) {
    return await this.#connections.exchange({
      url: new URL(url),
      method,
      headers,
      body: body ?? new Uint8Array(0),
      timeoutMs,
      replyBytesMax,
    });
  }

  async #exchange(
    url: URL,
    method: string,
    headers: Readonly<Record<string, string>>,
    body: Uint8Array,
    { nonce, key }: { readonly nonce: string; readonly key: SigningKey },
  ): Promise<ProbeReply> {
    const reply = await this.#connections.exchange({ url, method, headers, body, timeoutMs, replyBytesMax });
    const signature = reply.header(headerNames.signature);
    const text = replyText(nonce, reply.status, sha256(reply.body));
    const isSigned = signature !== undefined && isSignatureOf(key, text, signature);
    return { ...reply, isSigned, nonce };
  }
}

/** Reads a success. @throws Deviation when it is none, is not signed, or not of the contract's shape */
export function success<Message>(what: string, reply: ProbeReply, read: MessageReader<Message>): Message {
  require(reply.status === 200, `${what} is answered with ${describe(reply)}, not 200`);
  require(reply.isSigned, `${what} is answered with 200, but the reply is not signed`);
  try {
    return read(reply.body);
  } catch (error) {
    throw new Deviation(`${what}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Reads a signed error with one of these codes. @throws Deviation */
export function failure(what: string, reply: ProbeReply, ...codes: readonly ContractErrorCode[]): ErrorReply {
  const statuses = codes.map((code) => contractErrors[code].status as number);
  const wanted = codes.map((code) => `${contractErrors[code].status} ${code}`).join(" or ");
  require(statuses.includes(reply.status), `${what} is answered with ${describe(reply)}, not ${wanted}`);
  require(reply.isSigned, `${what} is answered with ${reply.status}, but the reply is not signed`);
  let error: ErrorReply;
  try {
    error = readErrorReply(reply.body);
  } catch (cause) {
    throw new Deviation(`${what}: the error ${cause instanceof Error ? cause.message : String(cause)}`);
  }
  require(codes.includes(error.code), `${what} has the error ${error.code}, not ${wanted}`);
  const { status, retryable } = contractErrors[error.code];
  require(status === reply.status, `${error.code} comes with ${reply.status}, not ${status}`);
  require(retryable === error.retryable, `${error.code} says retryable ${error.retryable}, not ${retryable}`);
  require(Math.abs(error.serverTime - Date.now()) < 3_600_000, "serverTime is more than an hour off");
  return error;
}

/** @throws Deviation unless the request was refused for want of a right signature */
export function refused(what: string, { status }: ProbeReply, statuses: readonly number[] = [401]): void {
  require(statuses.includes(status), `${what} is answered with ${status}, not ${statuses.join(" or ")}`);
}

export function newSubtree(): string {
  return `conformance/check/${randomBytes(8).toString("hex")}`;
}

function bodyOf(body: unknown): Uint8Array {
  if (body === undefined) return new Uint8Array(0);
  return body instanceof Uint8Array ? body : Buffer.from(JSON.stringify(body));
}

function describe({ status, body }: HttpReply): string {
  const start = body.subarray(0, 200).toString("utf8");
  return start === "" ? String(status) : `${status} (${start})`;
}
