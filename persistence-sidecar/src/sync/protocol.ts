import type { ServiceContext } from "@weftkit/host";
import type { Journal } from "./journal.ts";
import type { KindOf } from "./resolution.ts";
import type { Side, SideName } from "./side.ts";

export type SyncSection = ServiceContext<"persistence">["section"];

/** What synchronisation is told to do. */
export interface SyncOptions {
  readonly protocol: SyncProtocol;
  readonly localEndpoint: string;
  readonly remoteEndpoint: string;
  /** Of an empty URL where the protocol itself tells changes. */
  readonly localAdmin: { readonly url: string; readonly token: string | undefined };
  /** Undefined where the remote is no WeftKit, or does not tell its changes. */
  readonly remoteAdmin: { readonly url: string; readonly token: string | undefined } | undefined;
  readonly site: string;
  readonly intervalMs: number;
  readonly queueBytesMax: number;
  readonly bandwidth: number;
  /** By the name of a table, or the text of a key. */
  isWanted(name: string): boolean;
  /** What a column is, where they are merged one by one. */
  readonly kindOf: KindOf | undefined;
}

/** A protocol whose databases can be kept equal. */
export interface SyncProtocol {
  /** Of its endpoints, with the colon. */
  readonly schemes: readonly string[];
  /** Whether the protocol itself tells changes: no admin port is asked then. */
  readonly tellsChanges: boolean;
  /** Says what is wrong with what is configured for it. */
  check(section: SyncSection, wrong: (key: string, message: string) => void): void;
  /** What columns are, where they are merged. */
  kinds(section: SyncSection): KindOf;
  open(options: SyncOptions, journal: Journal): Readonly<Record<SideName, Side>>;
}
