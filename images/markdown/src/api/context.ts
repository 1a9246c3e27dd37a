import type { StoreChanges } from "@weftkit/changes";
import type { Cursors } from "@weftkit/http";
import type { Database, SlicedWork, Store } from "@weftkit/store";
import type { TextWorkers } from "../text/text-workers.ts";
import type { Deliveries } from "../webhooks/deliveries.ts";

export interface Limits {
  readonly documentBytesMax: number;
  readonly attachmentBytesMax: number;
  readonly importBytesMax: number;
  /** 0 is no limit. */
  readonly versionsMax: number;
  /** Whether webhooks may have addresses of this machine and of private networks. */
  readonly allowsPrivateWebhooks: boolean;
}

/** What the operations of the API work with. */
export interface ApiContext {
  readonly store: Store;
  /** The volume, for what is too large for memory while a request is served. */
  readonly dataDir: string;
  readonly cursors: Cursors;
  readonly changes: StoreChanges;
  readonly deliveries: Deliveries;
  readonly limits: Limits;
  /** Where long texts are worked on. */
  readonly texts: TextWorkers;
  write<T>(work: (db: Database) => T, signal?: AbortSignal): Promise<T>;
  /** Writes documents, which may be long. */
  writeInSlices<T>(work: (db: Database) => SlicedWork<T>, signal?: AbortSignal): Promise<T>;
  /** Called after a collection was deleted: its contents are to be removed. */
  sweep(): void;
}
