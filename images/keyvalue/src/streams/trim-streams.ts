import type { Database } from "@weftkit/store";
import type { BackgroundTask } from "../background.ts";
import type { StreamLog } from "./stream-log.ts";

const recordsMax = 1000;

/** Forgets records that can no longer be read. */
export class TrimStreams implements BackgroundTask {
  readonly name = "trim streams";
  readonly intervalMs = 60_000;
  readonly frees = true;
  readonly #streams: StreamLog;

  constructor(streams: StreamLog) {
    this.#streams = streams;
  }

  isDue(db: Database, nowMs: number): boolean {
    return this.#streams.hasOld(db, nowMs);
  }

  step(db: Database, nowMs: number): boolean {
    return this.#streams.trim(db, nowMs, recordsMax);
  }
}
