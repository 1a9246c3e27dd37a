import type { ChangeBatch, ChangeLog, Position } from "@weftkit/changes";
import { WeftkitError } from "@weftkit/core";
import { Doc } from "../bson/values.ts";
import { MongoError } from "../errors.ts";
import type { DocSource } from "../exec/run.ts";
import { type CollectionFacts, eventOf, type StreamEvent, type StreamScope, timeOf } from "./events.ts";
import { type Place, resumeToken } from "./resume-token.ts";

/** So many events wait for their client before the log is read on. */
const waitingMax = 1000;
/** So long nothing, and the place that can be resumed from moves on all the same. */
const heartbeatMs = 1000;

export interface ChangeSourceOptions {
  readonly changes: ChangeLog;
  readonly scope: StreamScope;
  readonly from: Place;
  /** Events before this time are left out. */
  readonly fromTime: bigint | undefined;
  readonly collections: CollectionFacts;
  /** The present state of a document. */
  readonly lookup: (
    db: string,
    collection: string,
    id: NonNullable<StreamEvent["lookup"]>["id"],
  ) => Promise<Doc | null>;
}

/** The events of a change stream, as they come: filled by following the log, emptied by the cursor. */
export class ChangeSource implements DocSource {
  readonly #options: ChangeSourceOptions;
  readonly #ended = new AbortController();
  readonly #events: { doc: Doc; token: Doc }[] = [];
  #wake: (() => void) | undefined;
  #roomFor: (() => void) | undefined;
  #error: MongoError | undefined;
  #isOver = false;
  /** Of what was given last, or of the place that was read to when nothing waits. */
  #token: Doc;
  #place: Place;

  constructor(options: ChangeSourceOptions) {
    this.#options = options;
    this.#place = options.from;
    this.#token = resumeToken(options.changes.identity, options.from);
    this.#follow().catch((error: unknown) => {
      this.#error =
        error instanceof MongoError
          ? error
          : error instanceof WeftkitError && error.code === "too_old"
            ? new MongoError(
                286,
                `Resume of change stream was not possible, as the resume point may no longer be in the oplog: ${error.message}`,
              )
            : new MongoError(280, error instanceof Error ? error.message : String(error));
      this.#wake?.();
    });
  }

  /** postBatchResumeToken: where a client that has got all that was given can go on. */
  get token(): Doc {
    return this.#token;
  }

  get isEnded(): boolean {
    return this.#isOver && this.#events.length === 0;
  }

  next(): Doc | undefined {
    const event = this.#events.shift();
    if (event === undefined) {
      if (this.#error !== undefined) throw this.#error;
      if (!this.#isOver) this.#token = resumeToken(this.#options.changes.identity, this.#place);
      return undefined;
    }
    this.#token = event.token;
    this.#roomFor?.();
    return event.doc;
  }

  /** Resolves when there is an event, when the time is over, or when the signal is aborted. */
  wait(ms: number, signal: AbortSignal): Promise<void> {
    if (this.#events.length > 0 || this.#error !== undefined || this.#isOver) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", wake);
        this.#wake = undefined;
        resolve();
      };
      const timer = setTimeout(wake, ms);
      signal.addEventListener("abort", wake);
      this.#wake = wake;
    });
  }

  close(): void {
    this.#ended.abort();
    this.#roomFor?.();
  }

  async #follow(): Promise<void> {
    const { changes, from } = this.#options;
    let skip = from.events;
    let after: Position = from.after;
    for await (const batch of changes.follow(from.after, this.#ended.signal, { heartbeatMs })) {
      const isOver = await this.#take(batch, after, skip);
      if (isOver) return;
      skip = 0;
      after = batch.position;
      if (this.#events.length === 0) this.#place = { after, events: 0 };
      while (this.#events.length >= waitingMax && !this.#ended.signal.aborted) {
        await new Promise<void>((resolve) => {
          this.#roomFor = resolve;
        });
      }
    }
  }

  /** The events of one commit. Gives whether the stream is over. */
  async #take(batch: ChangeBatch, after: Position, skip: number): Promise<boolean> {
    const { scope, collections, lookup, fromTime } = this.#options;
    if (fromTime !== undefined && timeOf(batch.stamp).bits < fromTime) {
      this.#place = { after: batch.position, events: 0 };
      return false;
    }
    for (const [i, change] of batch.changes.entries()) {
      if (i < skip) continue;
      const event = eventOf(change, batch, scope, collections);
      if (event === undefined) continue;
      if (event.lookup !== undefined) {
        const { db, collection, id } = event.lookup;
        event.fields.set("fullDocument", await lookup(db, collection, id));
      }
      const isLast = i === batch.changes.length - 1;
      const place: Place = isLast ? { after: batch.position, events: 0 } : { after, events: i + 1 };
      this.#push(event.fields, place);
      if (event.isInvalidating) {
        const invalidate = Doc.of({ operationType: "invalidate" });
        for (const name of ["clusterTime", "wallTime"]) invalidate.setIf(name, event.fields.get(name));
        this.#push(invalidate, place);
        this.#isOver = true;
        this.#wake?.();
        return true;
      }
    }
    return false;
  }

  #push(fields: Doc, place: Place): void {
    const token = resumeToken(this.#options.changes.identity, place);
    this.#place = place;
    this.#events.push({ doc: Doc.from(new Map([["_id", token], ...fields])), token });
    this.#wake?.();
  }
}
