import type { Logger } from "@weftkit/observe";
import type { UploadUrl } from "../contract/messages.ts";
import { partBytesCeiling } from "../contract/parse-messages.ts";
import type { Connections, Exchange, HttpReply } from "./exchange.ts";
import { isAllowedUrl } from "./url-rules.ts";

const empty = new Uint8Array(0);

/**
 * Parts straight to and from the store, by URLs that the function has signed. A URL that has expired, cannot be
 * reached or is not one that state may travel to is no failure: the function itself takes and gives every part.
 */
export class StoreTransfers {
  readonly #connections: Connections;
  readonly #timeoutMs: number;
  readonly #log: Pick<Logger, "debug"> | undefined;

  constructor(connections: Connections, timeoutMs: number, log: Pick<Logger, "debug"> | undefined) {
    this.#connections = connections;
    this.#timeoutMs = timeoutMs;
    this.#log = log;
  }

  /** Whether the store took the part. */
  async upload(
    body: Uint8Array,
    { url, headers }: UploadUrl,
    limits: Pick<Exchange, "throttle" | "signal"> & { readonly throttledMs: number },
  ): Promise<boolean> {
    const reply = await this.#exchange(url, { method: "PUT", headers, body, ...limits }, limits.throttledMs);
    return reply !== undefined && reply.status >= 200 && reply.status < 300;
  }

  /** The part's bytes, checked against its name; undefined when the store did not give them. */
  async download(name: string, url: string, signal: AbortSignal | undefined): Promise<Buffer | undefined> {
    const reply = await this.#exchange(url, { method: "GET", headers: {}, body: empty, signal }, 0);
    return reply?.status === 200 && reply.sha256 === name ? reply.body : undefined;
  }

  async #exchange(
    text: string,
    request: Pick<Exchange, "method" | "headers" | "body" | "throttle" | "signal">,
    throttledMs: number,
  ): Promise<HttpReply | undefined> {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (url === undefined || !isAllowedUrl(url)) return undefined;
    const timeoutMs = this.#timeoutMs + throttledMs;
    try {
      return await this.#connections.exchange({
        ...request,
        url,
        timeoutMs,
        isFromStore: true,
        replyBytesMax: partBytesCeiling,
      });
    } catch (error) {
      request.signal?.throwIfAborted();
      // Without the query: it is the right to read or write.
      this.#log?.debug(
        { err: error, host: url.host },
        "the store was not reached; going through the function",
      );
      return undefined;
    }
  }
}
