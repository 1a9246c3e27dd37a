import type { Logger } from "@weftkit/observe";
import type { GroupedReads, GroupedWrites, Store } from "@weftkit/store";
import type { Background } from "./background.ts";
import type { ItemWriter } from "./storage/write-item.ts";
import type { WriteRoom } from "./storage/write-room.ts";
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
  readonly room: WriteRoom;
  readonly log: Logger;
  /** Signs tokens that clients give back. */
  readonly tokenKey: Buffer;
}
