import type { Clock } from "@weftkit/core";
import type { Logger } from "@weftkit/observe";
import type { PartCipher } from "../contract/encryption.ts";
import type { Stream } from "../stream.ts";
import type { Chain } from "./chain.ts";
import type { Endpoint } from "./endpoint.ts";
import type { RetentionRule } from "./retention.ts";

/** `[persist]`, read and checked. */
export interface PersistSettings {
  readonly namespace: string;
  /** A replica's name, or undefined to find out. */
  readonly replica: string | undefined;
  readonly schedule: string;
  /** Bytes written since the last push that make one come early. */
  readonly lagBytesMax: number;
  readonly restoreOnBoot: "auto" | "always" | "never";
  readonly restoreAt: string | undefined;
  readonly retention: readonly RetentionRule[];
}

/** What the parts of one engine's persistence share. */
export interface PersistContext {
  readonly engine: string;
  readonly dataDir: string;
  readonly settings: PersistSettings;
  readonly streams: readonly Stream[];
  readonly chain: Chain;
  /** Names this volume among those that ask for a lease; the same after a restart. */
  readonly owner: string;
  readonly log: Logger;
  readonly clock: Clock;
  connect(subtree: string): Endpoint;
  /** How this subtree's parts are encrypted; undefined when they are not. */
  cipherOf(subtree: string): Promise<PartCipher | undefined>;
  /** Says that the engine cannot serve yet, and why; undefined when it can. */
  waiting(why: string | undefined): void;
}
