import type { Snapshot } from "@weftkit/store";

/** Snapshots that other sessions may take over with SET TRANSACTION SNAPSHOT, by their names. */
export class ExportedSnapshots {
  readonly #snapshots = new Map<string, Snapshot>();
  #count = 0;

  /** Keeps a snapshot, which is released when it is withdrawn; gives its name. */
  add(processId: number, snapshot: Snapshot): string {
    const hex = (value: number) => value.toString(16).toUpperCase().padStart(8, "0");
    const name = `${hex(processId)}-${hex(++this.#count)}-1`;
    this.#snapshots.set(name, snapshot);
    return name;
  }

  /** A snapshot of the same state, for the caller to release. */
  take(name: string): Snapshot | undefined {
    return this.#snapshots.get(name)?.share();
  }

  withdraw(name: string): void {
    this.#snapshots.get(name)?.release();
    this.#snapshots.delete(name);
  }
}
