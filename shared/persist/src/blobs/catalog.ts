import { randomUUID } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { createLogger, createMetrics, type Logger, ReadinessRegistry } from "@weftkit/observe";
import { openStore, type Store } from "@weftkit/store";
import { type Maintenance, startMaintenance } from "@weftkit/store/wal";
import { catalogMigrations } from "./catalog-schema.ts";
import { batchMax, type CatalogRow, CatalogView, type Span } from "./catalog-view.ts";
import { encodeParts, type IndexRecord } from "./records.ts";

const applicationId = 0x57464c42;

/** How blobs are cut into parts. */
export interface CutRule {
  readonly partBytesMax: number;
  /** Subtree and key where parts are encrypted: both are bound to them. */
  readonly sealedFor: string | null;
}

/** A removed blob whose parts are still stored. */
export interface Orphan {
  readonly sha256: Buffer;
  readonly parts: Buffer;
}

/**
 * What the blobs stream knows of its blobs, in an SQLite database beside them: which were added and removed since when,
 * the parts they are stored in, and whether a confirmed push names them.
 */
export class Catalog {
  /** Changes when what the chain knows cannot be gone on from: another catalog, or another rule of cutting. */
  #lineage = "";
  #cutRule: CutRule | undefined;
  #isScanned = false;
  readonly #store: Store;
  readonly #maintenance: Maintenance;

  private constructor(store: Store, log: Logger) {
    this.#store = store;
    this.#maintenance = startMaintenance(store, { log });
  }

  static async open(file: string, log: Logger): Promise<Catalog> {
    // Its health and numbers would be taken for those of the engine's own store, which is on the same volume.
    const quiet = createLogger({ level: "silent", image: "catalog" });
    const store = await openStore({
      file,
      applicationId,
      migrations: catalogMigrations,
      snapshotsMax: 1,
      log,
      metrics: createMetrics({ image: "catalog", processMetrics: false }),
      readiness: new ReadinessRegistry(quiet),
    });
    const catalog = new Catalog(store, log);
    await catalog.#load();
    return catalog;
  }

  get lineage(): string {
    return this.#lineage;
  }

  get cutRule(): CutRule | undefined {
    return this.#cutRule;
  }

  /** Whether all files that were there when the catalog was made are in it. */
  get isScanned(): boolean {
    return this.#isScanned;
  }

  async scanned(): Promise<void> {
    await this.#setFacts({ scanned: "1" });
    this.#isScanned = true;
  }

  /** The number of the last change. */
  changes(): Promise<number> {
    return this.#store.read((db) => db.prepare("SELECT number FROM change").pluck().get() as number);
  }

  /** Blobs are there, again perhaps; resolves to how many were not before. */
  add(blobs: readonly { readonly sha256: string; readonly bytes: number }[]): Promise<number> {
    return this.#store.write((db) => {
      let added = 0;
      const next = db.prepare("UPDATE change SET number = number + 1 RETURNING number").pluck();
      const live = db.prepare("SELECT 1 FROM blob WHERE sha256 = ? AND removed IS NULL");
      const insert = db.prepare(`
        INSERT INTO blob (sha256, bytes, added, sent, confirmed) VALUES (@key, @bytes, @number, 0, 0)
        ON CONFLICT (sha256) DO UPDATE SET added = @number, removed = NULL`);
      const forget = db.prepare("DELETE FROM orphan WHERE sha256 = ?");
      for (const { sha256, bytes } of blobs) {
        const key = Buffer.from(sha256, "hex");
        if (live.get(key) !== undefined) continue;
        insert.run({ key, bytes, number: next.get() });
        forget.run(key);
        added++;
      }
      return added;
    });
  }

  /** Whether there was such a blob. */
  markRemoved(sha256: string): Promise<boolean> {
    return this.#store.write((db) => {
      const number = db.prepare("UPDATE change SET number = number + 1 RETURNING number").pluck().get();
      const mark = db.prepare("UPDATE blob SET removed = ? WHERE sha256 = ? AND removed IS NULL");
      return mark.run(number, Buffer.from(sha256, "hex")).changes > 0;
    });
  }

  /** The names of blobs that are removed and whose rows are still needed. */
  removedNames(): Promise<string[]> {
    return this.#store.read((db) =>
      db.prepare("SELECT lower(hex(sha256)) FROM blob WHERE removed IS NOT NULL").pluck().all(),
    ) as Promise<string[]>;
  }

  /** Leaves a blob out for good. */
  async forget(sha256: string): Promise<void> {
    await this.#store.write((db) =>
      db.prepare("DELETE FROM blob WHERE sha256 = ?").run(Buffer.from(sha256, "hex")),
    );
  }

  async setParts(sha256: Uint8Array, parts: Uint8Array): Promise<void> {
    await this.#store.write((db) =>
      db.prepare("UPDATE blob SET parts = ? WHERE sha256 = ?").run(parts, sha256),
    );
  }

  async markSent(names: readonly Uint8Array[]): Promise<void> {
    await this.#store.write((db) => {
      const mark = db.prepare("UPDATE blob SET sent = 1 WHERE sha256 = ?");
      for (const name of names) mark.run(name);
    });
  }

  /** Live blobs that were not sent yet, the oldest first. */
  unsent(limit: number): Promise<CatalogRow[]> {
    return this.#store.read((db) =>
      db
        .prepare(
          "SELECT sha256, bytes, parts FROM blob WHERE sent = 0 AND removed IS NULL ORDER BY added LIMIT ?",
        )
        .all(limit),
    ) as Promise<CatalogRow[]>;
  }

  /** Blobs in the set at `to` that were not cut yet. */
  uncut(to: Span, limit: number): Promise<CatalogRow[]> {
    return this.#store.read((db) =>
      db
        .prepare(
          "SELECT sha256, bytes, parts FROM blob WHERE parts IS NULL AND (removed IS NULL OR removed > ?) AND added <= ? LIMIT ?",
        )
        .all(to.removed, to.added, limit),
    ) as Promise<CatalogRow[]>;
  }

  /** What is known of these blobs, by name. */
  async find(
    names: readonly string[],
  ): Promise<ReadonlyMap<string, { parts: Buffer | null; confirmed: number }>> {
    return this.#store.read((db) => {
      const find = db.prepare("SELECT parts, confirmed FROM blob WHERE sha256 = ?");
      return new Map(
        names.flatMap((name) => {
          const row = find.get(Buffer.from(name, "hex"));
          return row === undefined ? [] : [[name, row as { parts: Buffer | null; confirmed: number }]];
        }),
      );
    });
  }

  /** Everything as it is at one moment; to be released soon. */
  async view(): Promise<CatalogView> {
    return await CatalogView.of(await this.#store.snapshot());
  }

  /** A confirmed push names what is in the set at `to`. */
  async confirm(to: Span): Promise<void> {
    const confirm = `UPDATE blob SET confirmed = 1, sent = 1 WHERE sha256 IN
      (SELECT sha256 FROM blob WHERE confirmed = 0 AND parts IS NOT NULL AND added <= ? LIMIT ?)`;
    while ((await this.#store.write((db) => db.prepare(confirm).run(to.added, batchMax).changes)) > 0);
  }

  /** Blobs that no push that is still to be confirmed names. */
  removedUpTo(number: number): Promise<string[]> {
    return this.#store.read((db) =>
      db
        .prepare("SELECT lower(hex(sha256)) FROM blob WHERE removed <= ? LIMIT ?")
        .pluck()
        .all(number, batchMax),
    ) as Promise<string[]>;
  }

  /** Whether the blob is still removed; then only its parts are remembered, which push `seq` does not need any more. */
  orphan(sha256: string, seq: number): Promise<boolean> {
    const key = Buffer.from(sha256, "hex");
    return this.#store.write((db) => {
      const isRemoved = db.prepare("SELECT 1 FROM blob WHERE sha256 = ? AND removed IS NOT NULL").get(key);
      if (isRemoved === undefined) return false;
      db.prepare(
        `INSERT OR REPLACE INTO orphan (sha256, parts, seq)
         SELECT sha256, parts, ? FROM blob WHERE sha256 = ? AND length(parts) > 0`,
      ).run(seq, key);
      db.prepare("DELETE FROM blob WHERE sha256 = ?").run(key);
      return true;
    });
  }

  /**
   * Orphans that no state from `oldestSeq` on has needed since before `dueMs`. Those that have just become so are noted
   * as of `nowMs`.
   */
  async dueOrphans(oldestSeq: number, nowMs: number, dueMs: number): Promise<Orphan[]> {
    const note = "UPDATE orphan SET due = ? WHERE due IS NULL AND seq <= ?";
    const due = "SELECT sha256, parts FROM orphan WHERE due <= ? LIMIT ?";
    await this.#store.write((db) => db.prepare(note).run(nowMs, oldestSeq));
    return this.#store.read((db) => db.prepare(due).all(dueMs, batchMax)) as Promise<Orphan[]>;
  }

  async forgetOrphans(names: readonly Uint8Array[]): Promise<void> {
    await this.#store.write((db) => {
      const forget = db.prepare("DELETE FROM orphan WHERE sha256 = ?");
      for (const name of names) forget.run(name);
    });
  }

  /** The parts of all blobs, and of all orphans. */
  async *allParts(table: "blob" | "orphan"): AsyncGenerator<Orphan> {
    const next = `SELECT sha256, parts FROM ${table} WHERE sha256 > ? AND parts IS NOT NULL ORDER BY sha256 LIMIT ?`;
    for (let after: Buffer = Buffer.alloc(0); ; ) {
      const rows = await this.#store.read((db) => db.prepare(next).all(after, batchMax) as Orphan[]);
      yield* rows;
      if (rows.length < batchMax) return;
      after = rows.at(-1)!.sha256;
      await setImmediate();
    }
  }

  /**
   * From here on blobs are cut like this. Where the parts that were cut before are of no use, the lineage changes; with
   * `isNew` none of them is stored either.
   */
  async cutBy(rule: CutRule, isNew: boolean): Promise<void> {
    const before = this.#cutRule;
    const isOther = before !== undefined && before.sealedFor !== rule.sealedFor;
    const isShorter = before !== undefined && before.partBytesMax > rule.partBytesMax;
    const lineage = isOther || isShorter || isNew ? randomUUID() : this.#lineage;
    await this.#store.write((db) => {
      if (isNew) db.exec("UPDATE blob SET sent = 0, confirmed = 0; DELETE FROM orphan");
      if (isOther) db.exec("UPDATE blob SET parts = NULL, sent = 0, confirmed = 0");
      if (isShorter) db.exec("UPDATE blob SET parts = NULL, sent = 0 WHERE confirmed = 0");
      writeFacts(db, { lineage, cutRule: JSON.stringify(rule) });
    });
    this.#lineage = lineage;
    this.#cutRule = rule;
  }

  /** Makes changes that a confirmed push has recorded. */
  async apply(records: readonly IndexRecord[]): Promise<void> {
    await this.#store.write((db) => {
      const next = db.prepare("UPDATE change SET number = number + 1 RETURNING number").pluck();
      const add = db.prepare(
        "INSERT OR REPLACE INTO blob (sha256, bytes, added, parts, sent, confirmed) VALUES (?, ?, ?, ?, 1, 1)",
      );
      const remove = db.prepare("DELETE FROM blob WHERE sha256 = ?");
      for (const record of records) {
        const key = Buffer.from(record.sha256, "hex");
        if (record.type === "removed") remove.run(key);
        else add.run(key, record.bytes, next.get(), encodeParts(record.parts));
      }
    });
  }

  async close(): Promise<void> {
    await this.#maintenance.stop();
    await this.#store.close();
  }

  async #load(): Promise<void> {
    const rows = await this.#store.read((db) => db.prepare("SELECT name, value FROM fact").raw().all());
    const facts = new Map(rows as [string, string][]);
    this.#isScanned = facts.has("scanned");
    const rule = facts.get("cutRule");
    this.#cutRule = rule === undefined ? undefined : (JSON.parse(rule) as CutRule);
    this.#lineage = facts.get("lineage") ?? randomUUID();
    if (!facts.has("lineage")) await this.#setFacts({ lineage: this.#lineage });
  }

  async #setFacts(facts: Readonly<Record<string, string>>): Promise<void> {
    await this.#store.write((db) => writeFacts(db, facts));
  }
}

function writeFacts(
  db: Parameters<Parameters<Store["write"]>[0]>[0],
  facts: Readonly<Record<string, string>>,
) {
  const set = db.prepare("INSERT OR REPLACE INTO fact VALUES (?, ?)");
  for (const [name, value] of Object.entries(facts)) set.run(name, value);
}
