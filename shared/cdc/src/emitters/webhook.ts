import type { Emitter, OutgoingEvent } from "../event.ts";
import { RefusedError } from "../refused-error.ts";
import { post } from "../webhook/post.ts";

export interface WebhookOptions {
  readonly url: string;
  readonly secret: Buffer;
  readonly allowsPrivate: boolean;
  readonly contentType: string;
}

/** These say that the content is at fault; everything else may be another way at the next try. */
const refusals = new Set([400, 413, 415, 422]);

/** Posts events as a JSON array, signed as Standard Webhooks says. */
export class WebhookEmitter implements Emitter {
  readonly #options: WebhookOptions;

  constructor(options: WebhookOptions) {
    this.#options = options;
  }

  async send(events: readonly OutgoingEvent[], signal: AbortSignal): Promise<void> {
    const { url, secret, allowsPrivate, contentType } = this.#options;
    const message = {
      id: `msg_${events[0]!.id.replace("/", "_")}_${events.length}`,
      body: `[${events.map(({ body }) => body).join(",")}]`,
    };
    const result = await post(
      url,
      message,
      secret,
      { allowsPrivate, contentType, userAgent: "weftkit-cdc" },
      signal,
    );
    if (!("status" in result)) throw new Error(`${new URL(url).host}: ${result.failure}`);
    const { status } = result;
    if (status >= 200 && status < 300) return;
    const what = `${new URL(url).host} answered ${status}`;
    if (refusals.has(status)) throw new RefusedError(what);
    throw new Error(what);
  }

  async close(): Promise<void> {}
}
