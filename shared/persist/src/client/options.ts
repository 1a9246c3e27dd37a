import type { Clock } from "@weftkit/core";
import type { Logger } from "@weftkit/observe";
import type { Manifest, Part } from "../contract/manifest.ts";
import type { LostHead } from "../contract/messages.ts";
import type { SigningKey } from "../contract/signing.ts";
import type { Connections } from "./exchange.ts";
import type { RetryRule } from "./retry.ts";

/** How an endpoint is reached. */
export interface EndpointClientOptions {
  /** The base URL: https, or http inside a host or a private network. */
  readonly url: string;
  /** `namespace/engine/replica` */
  readonly subtree: string;
  /** The first signs; the others are tried when the function does not know it (yet, or any more). */
  readonly keys: readonly SigningKey[];
  readonly clock?: Clock;
  readonly log?: Pick<Logger, "debug" | "warn">;
  /** Upload limit for all requests together. */
  readonly bandwidthBytesPerSecond?: number | undefined;
  /** Certificates to trust besides the system's, as PEM. */
  readonly ca?: string | undefined;
  readonly retry?: RetryRule;
  /** How requests travel, where it is not by connections to `url`. */
  readonly connections?: Connections;
  /** For one attempt without the time that a bandwidth limit takes; default 60 s, commits twice that. */
  readonly timeoutMs?: number;
}

/** How a subtree is asked for. */
export interface ClaimOptions {
  /** Owners that the asking volume was before. */
  readonly known?: readonly string[];
  /** The last confirmed push, where the function may have lost its head. */
  readonly lost?: LostHead | undefined;
  /** Whether an owner whose lease holds is asked for its place. */
  readonly handover?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** A part whose bytes are read when they are to be sent. */
export interface UploadablePart extends Part {
  read(): Promise<Uint8Array>;
}

/** A manifest with its exact text and the SHA-256 of that. */
export interface CommittableManifest {
  readonly manifest: Manifest;
  readonly text: string;
  readonly sha256: string;
}
