import type { Clock } from "@weftkit/core";
import type { Logger } from "@weftkit/observe";
import type { PartCipher } from "../contract/encryption.ts";
import type { Stream } from "../stream.ts";
import type { Chain } from "./chain.ts";
import type { Endpoint } from "./endpoint.ts";
import type { LeaseGate } from "./lease-gate.ts";
import type { LeaseWorkerData } from "./lease-worker.ts";
import type { RetentionRule } from "./retention.ts";

/** `[persist]`, read and checked. */
export interface PersistSettings {
  readonly namespace: string;
  /** A replica's name, or undefined to find out. */
  readonly replica: string | undefined;
  /** How many replicas there are, of which one is found out where none is named. */
  readonly replicas: number;
  /** Whether the owner of a place that is used is asked for it. */
  readonly asksForHandover: boolean;
  /** Whether writes are acknowledged also without a lease. */
  readonly prefersAvailability: boolean;
  readonly schedule: string;
  /** Bytes written since the last push that make one come early. */
  readonly lagBytesMax: number;
  readonly restoreOnBoot: "auto" | "always" | "never";
  readonly restoreAt: string | undefined;
  /** Bytes per second that may be sent. */
  readonly bandwidth: number | undefined;
  readonly retention: readonly RetentionRule[];
}

/** What the parts of one engine's persistence share. */
export interface PersistContext {
  readonly engine: string;
  readonly dataDir: string;
  readonly settings: PersistSettings;
  /** Others, after the state was replaced by that of a snapshot. */
  streams: readonly Stream[];
  readonly chain: Chain;
  /** Names this process among those that ask for a lease. */
  readonly owner: string;
  /** The names of the processes that had this volume before: their lease is not waited for. */
  readonly knownOwners: readonly string[];
  /** Where the names are noted that the head may have. */
  readonly ownersPath: string;
  readonly gate: LeaseGate;
  readonly log: Logger;
  readonly clock: Clock;
  connect(subtree: string): Endpoint;
  /** How the thread that renews the lease connects; undefined to renew in the main one. */
  leaseConnection(subtree: string): LeaseWorkerData["connection"] | undefined;
  /** How this subtree's parts are encrypted; undefined when they are not. */
  cipherOf(subtree: string): Promise<PartCipher | undefined>;
  /** Says that what is stored is known to be damaged, and why; undefined when it is whole again. */
  damaged(why: string | undefined): void;
  /** Says that the engine cannot serve yet, and why; undefined when it can. */
  waiting(why: string | undefined): void;
}
