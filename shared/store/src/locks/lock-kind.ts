/** What a lock is taken on within its scope: a rowid, an encoded value, a name. Bytes are compared by content. */
export type LockKey = string | number | bigint | Uint8Array;

/** A key as a Map compares it: one form for each value. */
export function rowKey(key: LockKey): string | number {
  if (typeof key === "number") return key;
  if (typeof key === "string") return key.startsWith("\0") ? `\0s${key}` : key;
  if (typeof key !== "bigint")
    return `\0b${Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString("latin1")}`;
  const number = Number(key);
  return Number.isSafeInteger(number) ? number : `\0i${key}`;
}

/** How one kind of lock behaves, given by the engine as data. */
export interface LockKindOptions<Mode extends string> {
  /** For each mode the modes of others that it cannot be held beside. Must be symmetrical. */
  readonly conflicts: Readonly<Record<Mode, readonly Mode[]>>;
  /**
   * Whether a request waits behind those that wait already and conflict with it (as table locks of PostgreSQL do), or is
   * granted whenever the holders allow it (as its row locks are). Default: true.
   */
  readonly isFair?: boolean;
  /**
   * Whether each acquisition is counted and must be released as often, as advisory locks are. Default: false, a lock is
   * held once however often it was asked for.
   */
  readonly isCounted?: boolean;
  /**
   * Whether a transaction on a snapshot is refused (`write_conflict`) a lock on what was changed after that snapshot.
   * Default: false.
   */
  readonly isVersioned?: boolean;
}

/** A kind of lock with its modes; made once by an engine, with `lockKind`, and passed to every call. */
export interface LockKind<Mode extends string = string> {
  readonly name: string;
  readonly modes: readonly Mode[];
  readonly isFair: boolean;
  readonly isCounted: boolean;
  readonly isVersioned: boolean;
  /** For each mode the bits (1 << index in `modes`) that it conflicts with. */
  readonly conflictBits: Readonly<Record<Mode, number>>;
  readonly bit: Readonly<Record<Mode, number>>;
}

/** Bits of a mask in a small integer. */
const modesMax = 30;

/**
 * Makes a kind of lock of its conflict table.
 *
 * ```ts
 * const documentLocks = lockKind("document", { conflicts: { shared: ["exclusive"], exclusive: ["shared", "exclusive"] } });
 * ```
 *
 * @throws TypeError when the table is not symmetrical or has more than 30 modes
 */
export function lockKind<Mode extends string>(
  name: string,
  { conflicts, isFair = true, isCounted = false, isVersioned = false }: LockKindOptions<Mode>,
): LockKind<Mode> {
  const modes = Object.keys(conflicts) as Mode[];
  if (modes.length > modesMax) throw new TypeError(`${name}: more than ${modesMax} modes`);
  const bit = Object.fromEntries(modes.map((mode, index) => [mode, 1 << index])) as Record<Mode, number>;
  const conflictBits = Object.fromEntries(
    modes.map((mode) => [mode, conflicts[mode].reduce((bits, other) => bits | bit[other], 0)]),
  ) as Record<Mode, number>;
  for (const mode of modes) {
    for (const other of conflicts[mode]) {
      if (!conflicts[other].includes(mode)) {
        throw new TypeError(`${name}: ${mode} conflicts with ${other}, but not the other way`);
      }
    }
  }
  return { name, modes, isFair, isCounted, isVersioned, conflictBits, bit };
}

/** One mode that nobody holds beside another: for values that must be unique, and the like. */
export const uniqueValueLocks = lockKind("unique value", { conflicts: { exclusive: ["exclusive"] } });

/** The row locks of PostgreSQL, by SELECT FOR ... (explicit locking, table 13.3). */
export const postgresRowLocks = lockKind("row", {
  isFair: false,
  isVersioned: true,
  conflicts: {
    "key share": ["update"],
    share: ["no key update", "update"],
    "no key update": ["share", "no key update", "update"],
    update: ["key share", "share", "no key update", "update"],
  },
});

/** The table locks of PostgreSQL, by LOCK TABLE ... IN ... MODE (explicit locking, table 13.2). */
export const postgresTableLocks = lockKind("table", {
  conflicts: {
    "access share": ["access exclusive"],
    "row share": ["exclusive", "access exclusive"],
    "row exclusive": ["share", "share row exclusive", "exclusive", "access exclusive"],
    "share update exclusive": [
      "share update exclusive",
      "share",
      "share row exclusive",
      "exclusive",
      "access exclusive",
    ],
    share: [
      "row exclusive",
      "share update exclusive",
      "share row exclusive",
      "exclusive",
      "access exclusive",
    ],
    "share row exclusive": [
      "row exclusive",
      "share update exclusive",
      "share",
      "share row exclusive",
      "exclusive",
      "access exclusive",
    ],
    exclusive: [
      "row share",
      "row exclusive",
      "share update exclusive",
      "share",
      "share row exclusive",
      "exclusive",
      "access exclusive",
    ],
    "access exclusive": [
      "access share",
      "row share",
      "row exclusive",
      "share update exclusive",
      "share",
      "share row exclusive",
      "exclusive",
      "access exclusive",
    ],
  },
});
