import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { replaceFile, WeftkitError } from "@weftkit/core";

/** A durable consumer, up to where it has come, and why it was dropped if it was. */
export interface StoredConsumer {
  readonly sequence: bigint;
  readonly dropped: string | undefined;
}

/** The part of the history that was written by one run of the process: after a sequence, up to where the next begins. */
export interface Epoch {
  readonly epoch: number;
  readonly after: bigint;
}

/** What a change log knows beside the log itself. */
export interface ChangesState {
  readonly identity: string;
  readonly epochs: readonly Epoch[];
  readonly consumers: ReadonlyMap<string, StoredConsumer>;
}

interface Stored {
  readonly identity: string;
  readonly epochs: readonly { readonly epoch: number; readonly after: string }[];
  readonly consumers: readonly {
    readonly name: string;
    readonly sequence: string;
    readonly dropped?: string;
  }[];
}

/** Beside the manifest. */
export const stateFileName = "changes.json";

/**
 * Reads the state; a new identity, without consumers, where there is none.
 *
 * @throws WeftkitError `CHANGES_STATE`
 */
export function readState(folder: string): ChangesState {
  const path = join(folder, stateFileName);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return { identity: randomBytes(8).toString("hex"), epochs: [], consumers: new Map() };
  }
  try {
    return parse(text);
  } catch (error) {
    throw new WeftkitError(
      "CHANGES_STATE",
      `${path} cannot be used (${(error as Error).message}): restore it from a backup, or remove it; whoever follows the changes must then begin anew`,
    );
  }
}

/** Replaces it atomically and durably. */
export function writeState(folder: string, { identity, epochs, consumers }: ChangesState): Promise<void> {
  const stored: Stored = {
    identity,
    epochs: epochs.map(({ epoch, after }) => ({ epoch, after: String(after) })),
    consumers: [...consumers].map(([name, { sequence, dropped }]) => ({
      name,
      sequence: String(sequence),
      ...(dropped !== undefined && { dropped }),
    })),
  };
  return replaceFile(join(folder, stateFileName), `${JSON.stringify(stored, undefined, 1)}\n`);
}

function parse(text: string): ChangesState {
  const { identity, epochs, consumers } = JSON.parse(text) as Stored;
  if (!/^[0-9a-f]{16}$/.test(identity)) throw new TypeError("its identity is not 16 hexadecimal digits");
  return {
    identity,
    epochs: epochs.map(({ epoch, after }) => ({ epoch, after: BigInt(after) })),
    consumers: new Map(
      consumers.map(({ name, sequence, dropped }) => [name, { sequence: BigInt(sequence), dropped }]),
    ),
  };
}
