import { type LockKey, rowKey } from "../locks/lock-kind.ts";
import type { ChangedRow } from "./types.ts";

/** Of more rows in one transaction the whole scope is noted as changed. */
const rowsMax = 20_000;

interface Committed {
  readonly commit: number;
  readonly rows: readonly ChangedRow[];
}

/**
 * Which rows were changed by which commit, as long as there is a snapshot that is older: whoever then wants to change
 * one of them on that snapshot has lost against the first.
 */
export class RowVersions {
  /** The snapshots that are held, by the number of the last commit that they see, and how many there are of it. */
  readonly #snapshots = new Map<number, number>();
  readonly #rows = new Map<string, Map<string | number, number>>();
  readonly #scopes = new Map<string, number>();
  /** The last commit that changed any row of a scope. */
  readonly #newest = new Map<string, number>();
  readonly #commits: Committed[] = [];

  /** A snapshot of the state after `commit` is held from now on. */
  hold(commit: number): void {
    this.#snapshots.set(commit, (this.#snapshots.get(commit) ?? 0) + 1);
  }

  release(commit: number): void {
    const left = this.#snapshots.get(commit)! - 1;
    if (left > 0) {
      this.#snapshots.set(commit, left);
      return;
    }
    this.#snapshots.delete(commit);
    this.#prune();
  }

  /** A commit has changed these rows. */
  committed(commit: number, rows: readonly ChangedRow[]): void {
    if (this.#snapshots.size === 0 || rows.length === 0) return;
    for (const { scope } of rows) this.#newest.set(scope, commit);
    if (rows.length > rowsMax) {
      for (const scope of new Set(rows.map((row) => row.scope))) this.#scopes.set(scope, commit);
      return;
    }
    for (const { scope, key } of rows) {
      let versions = this.#rows.get(scope);
      if (versions === undefined) {
        versions = new Map();
        this.#rows.set(scope, versions);
      }
      versions.set(rowKey(key), commit);
    }
    this.#commits.push({ commit, rows });
  }

  /** Whether the row was changed after that commit, of which a snapshot must be held. */
  changedSince(commit: number, scope: string, key: LockKey): boolean {
    return (this.#scopes.get(scope) ?? 0) > commit || (this.#rows.get(scope)?.get(rowKey(key)) ?? 0) > commit;
  }

  /** Whether any row of the scope was changed after that commit, of which a snapshot must be held. */
  scopeChangedSince(commit: number, scope: string): boolean {
    return (this.#newest.get(scope) ?? 0) > commit;
  }

  /** Forgets what every snapshot sees. Commits are in order, so the oldest snapshot is the first of its Map. */
  #prune(): void {
    const oldest = this.#snapshots.keys().next().value;
    if (oldest === undefined) {
      this.#rows.clear();
      this.#scopes.clear();
      this.#newest.clear();
      this.#commits.length = 0;
      return;
    }
    const seen = this.#commits.findIndex(({ commit }) => commit > oldest);
    for (const { commit, rows } of this.#commits.splice(0, seen === -1 ? this.#commits.length : seen)) {
      for (const { scope, key } of rows) {
        const versions = this.#rows.get(scope);
        if (versions?.get(rowKey(key)) === commit) versions.delete(rowKey(key));
        if (versions?.size === 0) this.#rows.delete(scope);
      }
    }
    for (const [scope, commit] of this.#scopes) if (commit <= oldest) this.#scopes.delete(scope);
  }
}
