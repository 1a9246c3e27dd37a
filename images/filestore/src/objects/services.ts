import type { Clock } from "@weftkit/core";
import type { Logger } from "@weftkit/observe";
import type { Database, Store } from "@weftkit/store";
import type { DiskReserve } from "@weftkit/store/wal";
import type { Accounts } from "../access/accounts.ts";
import type { ContentStore } from "../storage/content-store.ts";
import type { MasterKey } from "../storage/encryption.ts";
import type { Sweeper } from "../storage/sweeper.ts";
import type { VersionSequence } from "../storage/versions.ts";

/** What both faces work with. */
export interface Services {
  readonly store: Store;
  readonly contents: ContentStore;
  readonly sequence: VersionSequence;
  readonly sweeper: Sweeper;
  readonly accounts: Accounts;
  readonly masterKey: MasterKey;
  readonly clock: Clock;
  readonly log: Logger;
  readonly region: string;
  /** 0 is no limit. */
  readonly bytesMax: number;
  readonly lifecycleDayMs: number;
  readonly reserve: DiskReserve;
  read<T>(work: (db: Database) => T): Promise<T>;
  /** A work throws its refusals before it has changed anything. */
  write<T>(work: (db: Database) => T): Promise<T>;
  /** As `write`, for what frees space: it is done on a full volume, too. */
  free<T>(work: (db: Database) => T): Promise<T>;
}
