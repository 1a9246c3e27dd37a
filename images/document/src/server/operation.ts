import type { Doc } from "../bson/values.ts";

/** A command that runs, as currentOp shows it. */
export interface Operation {
  readonly id: number;
  readonly startedMs: number;
  readonly command: Doc;
  readonly namespace: string;
  kill(): void;
}
