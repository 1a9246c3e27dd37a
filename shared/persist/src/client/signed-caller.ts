import type { Clock } from "@weftkit/core";
import { readErrorReply } from "../contract/parse-messages.ts";
import {
  canonicalQuery,
  headerNames,
  isSignatureOf,
  newNonce,
  type RequestTarget,
  replyText,
  type SigningKey,
  sha256,
  signRequest,
} from "../contract/signing.ts";
import { EndpointError } from "./errors.ts";
import type { Connections, Exchange, HttpReply } from "./exchange.ts";
import { readRetryAfterMs } from "./retry.ts";

/** A request of the contract, before it is signed. */
export interface Call extends Pick<Exchange, "body" | "timeoutMs" | "replyBytesMax" | "throttle" | "signal"> {
  readonly target: RequestTarget;
  readonly epoch: number;
  readonly seq: number;
  readonly prev: string | null;
  /** Where it is known already: hashing megabytes holds the event loop. */
  readonly bodySha256?: string;
}

/** Signs requests, and believes no reply that the function has not signed for this very request. */
export class SignedCaller {
  readonly #base: URL;
  readonly #subtree: string;
  readonly #connections: Connections;
  readonly #clock: Clock;
  /** The one that worked last is the first. */
  #keys: readonly SigningKey[];
  /** What the function's clock is ahead of ours. */
  #clockOffsetMs = 0;

  constructor(
    base: URL,
    subtree: string,
    keys: readonly SigningKey[],
    connections: Connections,
    clock: Clock,
  ) {
    this.#base = base;
    this.#subtree = subtree;
    this.#keys = keys;
    this.#connections = connections;
    this.#clock = clock;
  }

  /**
   * Returns a reply that is a success (2xx) and signed.
   *
   * @throws EndpointError
   */
  async call(call: Call): Promise<HttpReply> {
    const [first, ...others] = this.#keys;
    try {
      return await this.#callWithTheTime(call, first!);
    } catch (error) {
      if (!isRefusedKey(error) || others.length === 0) throw error;
    }
    // While keys rotate, the function may not have the new one yet.
    for (const [index, key] of others.entries()) {
      try {
        const reply = await this.#callWithTheTime(call, key);
        this.#keys = [key, ...this.#keys.filter((other) => other !== key)];
        return reply;
      } catch (error) {
        if (!isRefusedKey(error) || index === others.length - 1) throw error;
      }
    }
    throw new Error("unreachable: the last key has returned or thrown");
  }

  /** Once more with the function's time, when ours is too far off. */
  async #callWithTheTime(call: Call, key: SigningKey): Promise<HttpReply> {
    try {
      return await this.#callOnce(call, key);
    } catch (error) {
      if (!(error instanceof EndpointError) || error.code !== "clock_skew") throw error;
      this.#clockOffsetMs = error.reply!.serverTime - this.#clock.wallMs();
      return await this.#callOnce(call, key);
    }
  }

  async #callOnce(
    { target, epoch, seq, prev, bodySha256, ...exchange }: Call,
    key: SigningKey,
  ): Promise<HttpReply> {
    const nonce = newNonce();
    const headers = signRequest(key, target, {
      timestamp: Math.round(this.#clock.wallMs() + this.#clockOffsetMs),
      nonce,
      contentSha256: bodySha256 ?? sha256(exchange.body),
      subtree: this.#subtree,
      epoch,
      seq,
      prev,
    });
    const url = new URL(this.#base);
    url.pathname += url.pathname === "/" ? target.path.slice(1) : target.path;
    url.search = canonicalQuery(target.query);
    const reply = await this.#connections.exchange({ ...exchange, url, method: target.method, headers });
    if (!isSigned(reply, key, nonce)) throw this.#unsigned(reply);
    if (reply.status >= 200 && reply.status < 300) return reply;
    throw this.#refused(reply);
  }

  #unsigned({ status, header }: HttpReply): EndpointError {
    const what = `${this.#base.origin} answered ${status}`;
    const retryAfterMs = readRetryAfterMs(header("retry-after"), this.#clock.wallMs());
    if (status === 429 || status >= 500) {
      return new EndpointError("unreachable", `${what} without the function's signature`, {
        status,
        retryAfterMs,
      });
    }
    if (status === 401 || status === 403) {
      const message = `${what}: it does not know this key or has another secret; give both sides the same key id and secret`;
      return new EndpointError("bad_signature", message, { status });
    }
    const message = `${what} without a signature of our key, so the answer is not believed: is the URL the function's, and does something between answer in its place?`;
    return new EndpointError("forged_reply", message, { status });
  }

  #refused({ status, header, body }: HttpReply): EndpointError {
    const reply = readAs(body, status, readErrorReply);
    const retryAfterMs = readRetryAfterMs(header("retry-after"), this.#clock.wallMs());
    return new EndpointError(reply.code, `the endpoint refused: ${reply.message}`, {
      status,
      reply,
      retryAfterMs,
    });
  }
}

/**
 * Reads a signed reply's body.
 *
 * @throws EndpointError `forged_reply` when it is not of the contract's shape
 */
export function readAs<Message>(
  body: Uint8Array,
  status: number,
  read: (body: Uint8Array) => Message,
): Message {
  try {
    return read(body);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new EndpointError("forged_reply", `the endpoint's reply is not of WKP-1: ${reason}`, {
      status,
      cause: error,
    });
  }
}

function isRefusedKey(error: unknown): boolean {
  return error instanceof EndpointError && error.code === "bad_signature";
}

function isSigned({ status, header, sha256 }: HttpReply, key: SigningKey, nonce: string): boolean {
  const signature = header(headerNames.signature);
  if (signature === undefined) return false;
  return isSignatureOf(key, replyText(nonce, status, sha256), signature);
}
