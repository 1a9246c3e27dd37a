import type { Resolution } from "./resolution.ts";
import type { Row } from "./rows.ts";
import type { Version } from "./versions.ts";

/** The two databases that are kept equal: the engine beside the sidecar, and the one far away. */
export type SideName = "local" | "remote";

export const otherSide = { local: "remote", remote: "local" } as const satisfies Record<SideName, SideName>;

/** A row of a table by its primary key, as one text. */
export interface RowName {
  readonly name: string;
  readonly key: string;
}

/** What a side says of a row that a sidecar has written there. */
export interface Mark {
  readonly version: Version;
  /** Of the row that was there before. */
  readonly replaced: Version;
  /** Of the content that was written. */
  readonly digest: string;
  /** Versions of its columns, where each has one of its own. */
  readonly columns?: ColumnVersions | undefined;
}

/** When each column was written last; "" is when the row was inserted, or deleted. */
export type ColumnVersions = Readonly<Record<string, Version>>;

/** What has become of a row; `row` is undefined when it was deleted. */
export interface SeenRow extends RowName {
  readonly row: Row | undefined;
  readonly before?: Row | undefined;
}

/** A transaction of a side, or a part of its snapshot. */
export interface Observed {
  /** Where to go on from after it. */
  readonly token: string;
  /** Rows that were written, of a side that has `present`: what they are is read there. `rows` is empty then. */
  readonly touched?: readonly RowName[];
  /** When it was committed, by the side's clock: milliseconds << 16 | counter. */
  readonly stamp: bigint;
  /** The same of single rows, by `rowId`, where they were not written together. */
  readonly stamps?: ReadonlyMap<string, bigint>;
  readonly rows: readonly SeenRow[];
  /** Of the last batch that was applied at that moment. */
  readonly applied?: number;
  /** There was nothing more to tell. */
  readonly isHeartbeat?: boolean;
  /** Tables that were emptied, before the rows. */
  readonly truncated: readonly string[];
  /** By `rowId`: versions of rows that a sidecar has written. */
  readonly marks: ReadonlyMap<string, Mark>;
  /** The sidecars that have written it; empty for a client of the side. */
  readonly writers: readonly string[];
}

/** What is to be done at a side. */
export interface QueuedChange extends RowName {
  readonly row: Row | undefined;
  readonly version: Version;
  /** What it was written on. */
  readonly base: Version;
  /** Only the version is new: the content was the same. */
  readonly isSame?: boolean;
  /** Where columns are merged: versions of the columns, and the row and versions that it was written on. */
  readonly columns?: ColumnVersions;
  readonly from?: Row | undefined;
  readonly fromColumns?: ColumnVersions | undefined;
}

export interface Batch {
  /** Of the last of its transactions, in the order of the queue. */
  readonly position: number;
  readonly changes: readonly QueuedChange[];
}

/** Two rows that were written without knowing of each other, or one that the side has refused. */
export interface Conflict extends RowName {
  readonly how: "lww" | "crdt" | "custom" | "refused";
  readonly winner: Version;
  readonly loser: Version;
  readonly winnerRow: Row | undefined;
  readonly loserRow: Row | undefined;
  readonly reason?: string | undefined;
}

/** What the sidecar itself knows of a row of a side. */
export interface Seen {
  readonly version: Version;
  readonly digest: string;
  /** Where columns are merged. */
  readonly row?: Row | undefined;
  readonly columns?: ColumnVersions | undefined;
}

/** A row as a batch has left it. */
export interface Written extends RowName, Seen {}

/** What an adapter is given with a batch. */
export interface ApplyContext {
  /** What was seen of the rows at this side, by `rowId`. */
  readonly seen: ReadonlyMap<string, Seen>;
  /**
   * Called before the side commits: what is decided is on the disk first, instead of what was decided of this batch before. A side
   * that has `present` says what it writes, which counts as seen once the batch is committed.
   */
  deciding(conflicts: readonly Conflict[], written?: readonly Written[]): Promise<void>;
  /** Reads rows that are not as they were seen, of a side that has `present`; resolves to what is seen of the batch's rows then. */
  found(rows: readonly RowName[]): Promise<ReadonlyMap<string, Seen>>;
  /** Who decides between two writes. */
  readonly resolution: Resolution;
  /** Rows are tried one by one, and those that the side refuses are given up. */
  readonly isPatient: boolean;
}

/** One at a time reads or writes at a side whose rows are read as they are. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  run<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(work);
    this.#last = mine.catch(() => {});
    return mine;
  }
}

/** A protocol's way to keep a database equal with another: the one interface for all of them. */
export interface Side {
  readonly side: SideName;
  /** Why its changes are not followed; undefined when they are. */
  readonly blind: string | undefined;
  /**
   * Reads rows as they are now, in parts that are each of one moment; for sides that tell which rows were written, and not what they
   * became. Nothing is applied meanwhile.
   *
   * @throws Forgotten
   */
  readonly present?: (rows: readonly RowName[]) => AsyncIterable<Observed>;
  /** Makes what it needs there, and resolves to where its changes can be followed from: nothing after it will be missing. */
  begin(): Promise<string>;
  /** All rows, as they are now, in parts; those too that sidecars have deleted. */
  snapshot(signal: AbortSignal): AsyncIterable<Observed>;
  /**
   * Its transactions after a token, as they come, some at once, and heartbeats without rows. When the next are asked for,
   * those before are kept by whoever follows.
   *
   * @throws Behind when they are not known any more
   */
  follow(token: string, signal: AbortSignal): AsyncIterable<readonly Observed[]>;
  /**
   * Does all of a batch in one transaction, with its position, unless that was done before.
   *
   * @throws Unseen when a row was changed there in a way that the follower has not told yet
   * @throws Contended, Forgotten, Held, Refused
   */
  apply(batch: Batch, context: ApplyContext): Promise<void>;
  /** Of the last batch that was applied. */
  applied(): Promise<number>;
  status(): Record<string, unknown>;
  close(): Promise<void>;
}

/** A row at the side is not what was seen of it: a client has written it since. */
export class Unseen extends Error {
  readonly rows: readonly SeenRow[];

  constructor(rows: readonly SeenRow[]) {
    super(`${rows.length} rows were changed there and are not read yet`);
    this.rows = rows;
  }
}

/** The changes after the token are not known any more: a snapshot is needed. */
export class Behind extends Error {
  /** It is how this side is followed, and nothing to be warned of. */
  readonly isExpected: boolean;

  constructor(message: string | undefined, { isExpected = false } = {}) {
    super(message);
    this.isExpected = isExpected;
  }
}

/** The side is not what it was: emptied, replaced, or without what it had confirmed. It gets everything from the other one. */
export class Forgotten extends Error {
  readonly side: SideName;

  constructor(side: SideName, message: string) {
    super(message);
    this.side = side;
  }
}

/** Clients write the rows of the batch all the time: fewer at once may be let in between. */
export class Contended extends Error {}

/** The side cannot take it until somebody does something: a table is missing, a right. */
export class Held extends Error {}

/** The side will never take a row of the batch. */
export class Refused extends Error {}

/** Which database a side is, as it was when the sidecar has last looked. */
export interface KnownIdentity {
  get(): Promise<string | undefined>;
  set(identity: string): Promise<void>;
}

/** A change that the side will never take. */
export function refusal({ name, key, version, base, row }: QueuedChange, reason: string): Conflict {
  return {
    how: "refused",
    name,
    key,
    winner: base,
    loser: version,
    winnerRow: undefined,
    loserRow: row,
    reason,
  };
}
