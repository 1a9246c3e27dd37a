import { readFileSync } from "node:fs";
import { join } from "node:path";
import { replaceFile, WeftkitError } from "@weftkit/core";
import type { Cursor } from "../stream.ts";

/** What the volume remembers of its place in the chain. */
export interface LocalState {
  readonly version: 1;
  readonly subtree: string;
  /** The last push that the function confirmed; `seq` 0 when there was none. */
  readonly acknowledged: { readonly seq: number; readonly manifest: string | null };
  /** The state that `restore_at` asked for and that this volume was taken back to. */
  readonly restoredAt?: string;
  /** Where captures go on, as of the capture numbered `seq`. A newer entry of the outbox takes precedence. */
  readonly captured: { readonly seq: number; readonly cursors: Readonly<Record<string, Cursor>> };
}

const fileName = "state.json";

/**
 * Reads the state; undefined when there is none.
 *
 * @throws WeftkitError `state_damaged`: it cannot be told what was pushed.
 */
export function readLocalState(folder: string): LocalState | undefined {
  const path = join(folder, fileName);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  try {
    const state = JSON.parse(text) as LocalState;
    if (
      state.version === 1 &&
      typeof state.subtree === "string" &&
      Number.isSafeInteger(state.acknowledged.seq) &&
      Number.isSafeInteger(state.captured.seq) &&
      typeof state.captured.cursors === "object"
    ) {
      return state;
    }
  } catch {
    // Falls through: what cannot be read is as wrong as what says something else.
  }
  throw new WeftkitError(
    "state_damaged",
    `${path} is damaged: remove the folder ${folder} to have the state compared with the remote one again`,
  );
}

/** Replaces the state atomically and durably. */
export async function writeLocalState(folder: string, state: LocalState): Promise<void> {
  await replaceFile(join(folder, fileName), JSON.stringify(state));
}
