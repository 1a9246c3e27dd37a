import { type Message, post } from "@weftkit/cdc/webhook";
import { type ChangeBatch, type Position, type StoreChanges, tokenOf } from "@weftkit/changes";
import { WeftkitError } from "@weftkit/core";
import type { Logger } from "@weftkit/observe";
import type { Store } from "@weftkit/store";
import { type DocumentChange, documentChangeOf } from "../storage/changes.ts";
import {
  activeWebhooks,
  deadLettersOf,
  deleteDeadLetter,
  disableWebhook,
  insertDeadLetter,
  type Webhook,
} from "./webhooks.ts";

export interface DeliveriesOptions {
  readonly store: Store;
  readonly changes: StoreChanges;
  readonly log: Logger;
  /** So often a message is tried before it is a dead letter. */
  readonly attemptsMax: number;
  /** Before the second try; before each later one four times as long. */
  readonly retryAfterMs: number;
  readonly allowsPrivate: boolean;
}

const userAgent = "weftkit-markdown";
const retryFactor = 4;
const retryAfterMsMax = 6 * 3_600_000;
/** Each wait is lengthened by up to so much of itself, so that what has failed together is not tried together. */
const jitter = 0.2;
/** Says that its receiver is gone for good. */
const goneStatus = 410;

interface Line {
  readonly stopping: AbortController;
  readonly ended: Promise<void>;
}

/** Sends to each webhook what happens in its collection: in order, once or more. */
export class Deliveries {
  readonly #options: DeliveriesOptions;
  /** By the webhook's id: each has a line of its own, so that one that is slow holds up no other. */
  readonly #lines = new Map<string, Line>();

  constructor(options: DeliveriesOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#lines.size;
  }

  /** Goes on with all webhooks that there are. */
  async startAll(): Promise<void> {
    for (const webhook of await this.#options.store.read(activeWebhooks)) await this.start(webhook);
  }

  /** Begins with a webhook; everything that is written after this has resolved is sent. */
  async start(webhook: Webhook): Promise<void> {
    const { changes } = this.#options;
    const consumer = consumerOf(webhook);
    const known = (await changes.consumers()).find(({ name }) => name === consumer);
    const from =
      known === undefined || known.dropped !== undefined ? await changes.retain(consumer) : known.position;
    if (known?.dropped !== undefined) await this.#lost(webhook, known.dropped);
    const stopping = new AbortController();
    const ended = this.#run(webhook, from, stopping.signal).catch((error: unknown) => {
      if (!stopping.signal.aborted)
        this.#options.log.error({ err: error, webhook: webhook.id }, "a webhook has ended");
    });
    this.#lines.set(webhook.id, { stopping, ended });
  }

  /** Ends with a webhook that is deleted. */
  async stop({ id }: { readonly id: string }): Promise<void> {
    const line = this.#lines.get(id);
    this.#lines.delete(id);
    line?.stopping.abort();
    await line?.ended;
    await this.#options.changes.forget(consumerOf({ id }));
  }

  /** Ends the tries that are under way; they are made again at the next start. */
  async close(): Promise<void> {
    for (const { stopping } of this.#lines.values()) stopping.abort();
    await Promise.all([...this.#lines.values()].map(({ ended }) => ended));
    this.#lines.clear();
  }

  /** Tries each dead letter once more, oldest first, until one fails. Resolves to how many were delivered. */
  async retryDeadLetters(webhook: Webhook, signal: AbortSignal): Promise<number> {
    const { store, allowsPrivate } = this.#options;
    let delivered = 0;
    for (let after = 0; ; ) {
      const [letter] = await store.read((db) => deadLettersOf(db, webhook.row, after, 1));
      if (letter === undefined) return delivered;
      after = letter.row;
      const message = { id: letter.messageId, body: letter.body };
      const result = await post(webhook.url, message, webhook.secret, { allowsPrivate, userAgent }, signal);
      if (!("status" in result) || !isDelivered(result.status)) return delivered;
      await store.write((db) => deleteDeadLetter(db, letter.row));
      delivered++;
    }
  }

  async #run(webhook: Webhook, from: Position, signal: AbortSignal): Promise<void> {
    const { changes } = this.#options;
    let said = from.sequence;
    for (let at = from; !signal.aborted; ) {
      try {
        const options = { namespaces: [webhook.collectionName] };
        for await (const batch of changes.follow(at, signal, options)) {
          if (!(await this.#deliverBatch(webhook, batch, signal))) return;
          at = batch.position;
          if (at.sequence === said) continue;
          await changes.retain(consumerOf(webhook), at);
          said = at.sequence;
        }
        // The log is closed, and the engine about to be.
        return;
      } catch (error) {
        if (!(error instanceof WeftkitError) || !["too_old", "consumer_dropped"].includes(error.code))
          throw error;
        await this.#lost(webhook, error.message);
        at = await changes.retain(consumerOf(webhook));
      }
    }
  }

  /** Returns whether the webhook goes on. */
  async #deliverBatch(
    webhook: Webhook,
    { position, changes }: ChangeBatch,
    signal: AbortSignal,
  ): Promise<boolean> {
    const collection = { row: webhook.collection, name: webhook.collectionName };
    for (const [index, logged] of changes.entries()) {
      const change = documentChangeOf(logged, collection);
      if (change === undefined) continue;
      if (webhook.events.length > 0 && !webhook.events.includes(change.type)) continue;
      const place = tokenOf(this.#options.changes.identity, position);
      const message = messageOf(webhook, change, `msg_${place}_${index}_${webhook.id}`);
      if (!(await this.#deliver(webhook, message, signal))) return false;
    }
    return true;
  }

  async #deliver(webhook: Webhook, message: Message, signal: AbortSignal): Promise<boolean> {
    const { attemptsMax, retryAfterMs, allowsPrivate, store, log } = this.#options;
    let waitMs = retryAfterMs;
    let reason = "";
    for (let attempt = 1; attempt <= attemptsMax; attempt++) {
      const result = await post(webhook.url, message, webhook.secret, { allowsPrivate, userAgent }, signal);
      if (signal.aborted) return false;
      if ("status" in result && isDelivered(result.status)) return true;
      reason = "status" in result ? `it answered ${result.status}` : result.failure;
      if ("status" in result && result.status === goneStatus) {
        await this.#disable(webhook, "its receiver says that it is gone (410)");
        return false;
      }
      if (attempt === attemptsMax) break;
      await wait(waitMs * (1 + jitter * Math.random()), signal);
      if (signal.aborted) return false;
      waitMs = Math.min(waitMs * retryFactor, retryAfterMsMax);
    }
    log.warn({ webhook: webhook.id, message: message.id, reason }, "a message could not be delivered");
    await store.write((db) =>
      insertDeadLetter(db, webhook.row, {
        messageId: message.id,
        body: message.body,
        at: Date.now(),
        reason,
      }),
    );
    return true;
  }

  /** Nothing is silently missing: what was lost is a dead letter, too. */
  async #lost(webhook: Webhook, why: string): Promise<void> {
    const message = {
      id: `msg_lost_${Date.now()}_${webhook.id}`,
      body: JSON.stringify({
        type: "changes.lost",
        timestamp: new Date().toISOString(),
        data: { collection: webhook.collectionName, reason: why },
      }),
    };
    await this.#options.store.write((db) =>
      insertDeadLetter(db, webhook.row, {
        messageId: message.id,
        body: message.body,
        at: Date.now(),
        reason: why,
      }),
    );
  }

  async #disable(webhook: Webhook, reason: string): Promise<void> {
    this.#options.log.warn({ webhook: webhook.id, reason }, "a webhook was disabled");
    await this.#options.store.write((db) => disableWebhook(db, webhook.row, reason));
    this.#lines.delete(webhook.id);
    await this.#options.changes.forget(consumerOf(webhook));
  }
}

function consumerOf({ id }: { readonly id: string }): string {
  return `webhook-${id}`;
}

function messageOf(webhook: Webhook, change: DocumentChange, id: string): Message {
  const { type, at, id: document, version, author, previousId } = change;
  const body = JSON.stringify({
    type: `document.${type}`,
    timestamp: new Date(at).toISOString(),
    data: {
      collection: webhook.collectionName,
      id: document,
      version,
      author,
      ...(previousId !== null && { previousId }),
    },
  });
  return { id, body };
}

function isDelivered(status: number): boolean {
  return status >= 200 && status < 300;
}

function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end, { once: true });
  });
}
