import type { Redis } from "ioredis";
import type { Observed, RowName } from "../side.ts";

/** Tells which keys were written; see `Side`. */
export interface KeyFollower {
  begin(): Promise<string>;
  follow(token: string, signal: AbortSignal): AsyncIterable<readonly Observed[]>;
  status(): Record<string, unknown>;
  close(): void;
}

/** The database whose keys are followed. */
export interface FollowedKeys {
  readonly endpoint: string;
  readonly database: number;
  /** Whether a key is synchronised. */
  isWanted(key: Buffer): boolean;
  /** A key as the name of its row. */
  nameOf(key: Buffer): RowName;
  /** Runs `work` with the connection for reading. */
  reading<T>(work: (redis: Redis) => Promise<T>): Promise<T>;
  /** Sees that the database is the one that it was. @throws Forgotten */
  check(): Promise<void>;
}
