import type { Logger } from "@weftkit/observe";
import type { GroupedReads, GroupedWrites, Store } from "@weftkit/store";
import type { Background } from "./background.ts";
import type { SpaceReserve } from "./storage/space-reserve.ts";
import type { ItemWriter } from "./storage/write-item.ts";
import type { StreamLog } from "./streams/stream-log.ts";
import type { Catalog } from "./tables/catalog.ts";

/** What operations work with. */
export interface Services {
  readonly store: Store;
  readonly writes: GroupedWrites;
  readonly reads: GroupedReads;
  readonly catalog: Catalog;
  readonly writer: ItemWriter;
  readonly streams: StreamLog;
  readonly background: Background;
  readonly reserve: SpaceReserve;
  readonly log: Logger;
  /** Signs tokens that clients give back. */
  readonly tokenKey: Buffer;
}
