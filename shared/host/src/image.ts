import type { EngineName } from "@weftkit/config";
import { WeftkitError } from "@weftkit/core";
import type { ImageDefinition } from "./engine.ts";

/** How an image is started inside another program. */
export interface StartOptions {
  /** Values as they would stand in weftkit.toml: `{ inmemory: { port: 0 }, auth: { method: "none" } }`. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Variables to read, `WEFTKIT_*` and those that `env:NAME` names. Default: none. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** A configuration file to read first. Default: none. */
  readonly file?: string;
}

/** An image that serves. */
export interface RunningImage {
  /** The data port really listened on (the configured one, or the system's choice for 0). */
  readonly port: number;
  readonly adminPort: number;
  /** Settles with the error when the engine reported one it cannot go on from. */
  readonly failed: Promise<unknown>;
  /** Shuts down in the order of SIGTERM; rejects when something is not saved. Calling again gives the same promise. */
  stop(): Promise<void>;
}

/**
 * Runs an image as this process: signals, exit codes, everything. Resolves when it serves.
 *
 * @example runImage({ name: "inmemory", version, create: () => new InmemoryEngine() });
 */
export async function runImage<Name extends EngineName>(_definition: ImageDefinition<Name>): Promise<void> {
  throw new WeftkitError("not_built", "the host is being built");
}

/** Starts an image inside this process, for tests and embedding: no exit, no signal handlers, port 0 allowed. */
export async function startImage<Name extends EngineName>(
  _definition: ImageDefinition<Name>,
  _options: StartOptions = {},
): Promise<RunningImage> {
  throw new WeftkitError("not_built", "the host is being built");
}
