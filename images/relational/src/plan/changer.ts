import {
  postgresRowLocks,
  postgresTableLocks,
  type SqlValue,
  statement,
  type TransactionWork,
} from "@weftkit/store";
import type { Constraint, ForeignAction, Relation } from "../catalog/model.ts";
import { ancestorsOf, attnumsIn, leavesOf } from "../catalog/partitions.ts";
import { PgError } from "../errors.ts";
import type { Exec } from "../run/exec.ts";
import { Scope } from "../run/scope.ts";
import { partitionRowid } from "../storage/ctid.ts";
import { columnName, storedColumns, tableName } from "../storage/tables.ts";
import type { Datum, Row } from "../types/datum.ts";
import { typeOps } from "../types/registry.ts";
import { partitionViolation, planChecks, planGenerated, type RowCheck } from "./checks.ts";
import type { PlanContext } from "./context.ts";
import { type Exclusion, planExclusions } from "./exclusions.ts";
import { planPartitionBounds } from "./partition-routing.ts";
import { rowMap } from "./partitioned-rows.ts";
import { identityFault } from "./published.ts";
import type { RowChanger } from "./row-changer.ts";
import { RowChanges } from "./row-changes.ts";
import type { RowGuard } from "./row-security.ts";
import { decodeRow, readRow } from "./stored-rows.ts";
import { tableExpression } from "./table-expressions.ts";
import { Triggers } from "./triggers.ts";
import { TableWriter, uniqueViolation } from "./write.ts";

/** Inserts, updates and deletes single rows of a table, with all that its constraints ask. */
export class Changer implements RowChanger {
  readonly relation: Relation;
  readonly writer: TableWriter;
  readonly #ctx: PlanContext;
  readonly #generated: RowCheck;
  readonly #checks: RowCheck;
  readonly #outgoing: readonly ForeignKey[];
  readonly #exclusions: readonly Exclusion[];
  readonly triggers: Triggers;
  readonly #changes: RowChanges | undefined;
  /** Of a partition: whether a row belongs into it. */
  readonly #isWithin: ((row: Row, exec: Exec) => boolean) | undefined;
  #incoming: readonly ForeignKey[] | undefined;
  /** Whether rows may be updated and deleted: looked up at the first. */
  readonly #identityFaults = new Map<"update" | "delete", PgError | undefined>();

  private constructor(ctx: PlanContext, relation: Relation) {
    this.relation = relation;
    this.#ctx = ctx;
    this.writer = new TableWriter(ctx, relation);
    this.#generated = planGenerated(ctx, relation);
    this.#checks = planChecks(ctx, relation);
    this.triggers = new Triggers(ctx, relation);
    this.#changes = RowChanges.of(ctx.catalog, relation);
    this.#isWithin = planPartitionBounds(ctx, relation);
    this.#exclusions = planExclusions(ctx, relation);
    this.#outgoing = ctx.catalog
      .constraintsOf(relation.oid)
      .filter((c) => c.type === "f" && c.enforced !== false && c.checksOff !== true)
      .map((c) => new ForeignKey(ctx, c, relation));
  }

  static of(ctx: PlanContext, relation: Relation): Changer {
    let changer = ctx.changers.get(relation.oid) as Changer | undefined;
    if (changer === undefined) {
      changer = new Changer(ctx, relation);
      ctx.changers.set(relation.oid, changer);
    }
    return changer;
  }

  get #references(): readonly ForeignKey[] {
    const { catalog } = this.#ctx;
    // What refers to a partitioned table refers to rows of its partitions; what came from another constraint is covered by it.
    this.#incoming ??= [this.relation, ...ancestorsOf(catalog, this.relation)]
      .flatMap(({ oid }) => catalog.referencesTo(oid))
      .filter((c) => c.enforced !== false && c.actionsOff !== true && c.parent === undefined)
      .map((c) => new ForeignKey(this.#ctx, c, this.relation));
    return this.#incoming;
  }

  /**
   * BEFORE triggers, generated columns, policies, NOT NULL and CHECK; false leaves the row out. `onElsewhere` is called when
   * triggers have made it a row of another partition.
   */
  prepareInsert(row: Row, exec: Exec, guard?: RowGuard, onElsewhere?: () => void): boolean {
    if (this.triggers.hasAny && !this.triggers.beforeRow("insert", undefined, row, exec)) return false;
    if (onElsewhere !== undefined && this.#isWithin?.(row, exec) === false) onElsewhere();
    this.#prepare(row, exec, guard);
    return true;
  }

  #prepare(row: Row, exec: Exec, guard: RowGuard | undefined): void {
    this.#generated(row, exec);
    guard?.(row, exec);
    this.#checks(row, exec);
    if (this.#isWithin?.(row, exec) === false) throw partitionViolation(this.#ctx, this.relation, row, exec);
  }

  /** Of a prepared row; returns its rowid. */
  insert(row: Row, exec: Exec): number {
    const work = workOf(exec);
    this.#lockTable(work, exec);
    this.writer.lockValues(work, row, exec);
    for (const exclusion of this.#exclusions) exclusion.lock(work, row, exec);
    const rowid = work.nextRowid(this.writer.table);
    this.writer.insert(work, rowid, row, exec);
    this.#changes?.insert(work.db, rowid, row);
    this.#checkUnique(row, rowid, exec);
    this.#checkExclusions(undefined, row, rowid, exec);
    for (const key of exec.isReplica ? [] : this.#outgoing)
      this.#later(key.constraint, exec, (later) => this.#checkReference(key, rowid, row, later));
    if (this.triggers.hasAny) this.triggers.afterRow("insert", undefined, row, exec);
    return rowid;
  }

  /**
   * `after` is changed in place by BEFORE triggers and generated columns; `columns` are those that the statement sets. False
   * when a trigger left the row as it was, or it has become a row of another partition, which `onElsewhere` takes.
   */
  update(
    rowid: number,
    before: Row,
    after: Row,
    exec: Exec,
    columns?: ReadonlySet<number>,
    guard?: RowGuard,
    onElsewhere?: () => void,
  ): boolean {
    const work = workOf(exec);
    this.#requireIdentity("update");
    this.#lockTable(work, exec);
    if (this.triggers.hasBefore("update", exec)) {
      this.lock(work, rowid, "no key update");
      if (!this.triggers.beforeRow("update", before, after, exec, columns)) return false;
    }
    if (onElsewhere !== undefined && this.#isWithin?.(after, exec) === false) {
      onElsewhere();
      return false;
    }
    this.#prepare(after, exec, guard);
    const references = this.#references.filter((key) => !key.sameReferenced(before, after));
    this.lock(
      work,
      rowid,
      references.length > 0 || this.#changesKey(before, after, exec) ? "update" : "no key update",
    );
    this.writer.lockChangedValues(work, before, after, exec);
    for (const exclusion of this.#exclusions) {
      if (exclusion.isSame(before, after, exec)) continue;
      exclusion.lock(work, before, exec);
      exclusion.lock(work, after, exec);
    }
    this.writer.update(work, rowid, after, exec);
    this.#changes?.update(work.db, rowid, before, after);
    this.#checkUnique(after, rowid, exec);
    this.#checkExclusions(before, after, rowid, exec);
    for (const key of exec.isReplica ? [] : this.#outgoing) {
      if (!key.sameReferencing(before, after))
        this.#later(key.constraint, exec, (later) => this.#checkReference(key, rowid, after, later));
    }
    for (const key of exec.isReplica ? [] : references)
      this.#onReferenced(key, "update", before, after, exec);
    if (this.triggers.hasAny) this.triggers.afterRow("update", before, after, exec, columns);
    return true;
  }

  /** `isMove`: the row goes to another partition, and `referencedHasMoved` tells those who refer to it. */
  delete(rowid: number, before: Row, exec: Exec, isMove = false): boolean {
    const work = workOf(exec);
    this.#requireIdentity("delete");
    this.#lockTable(work, exec);
    this.lock(work, rowid, "update");
    if (this.triggers.hasAny && !this.triggers.beforeRow("delete", before, undefined, exec)) return false;
    this.writer.lockValues(work, before, exec);
    for (const exclusion of this.#exclusions) exclusion.lock(work, before, exec);
    if (
      statement(exec.db, `SELECT 1 FROM ${this.writer.table} WHERE rowid_ = ?`, { pluck: true }).get(
        rowid,
      ) === undefined
    )
      return false;
    this.writer.delete(work, rowid);
    this.#changes?.delete(work.db, rowid, before);
    for (const key of exec.isReplica || isMove ? [] : this.#references)
      this.#onReferenced(key, "delete", before, undefined, exec);
    if (this.triggers.hasAny) this.triggers.afterRow("delete", before, undefined, exec);
    return true;
  }

  conflicting(
    indexes: readonly number[],
    row: Row,
    exec: Exec,
    locks: boolean,
  ): { rowid: number; before: Row } | undefined {
    const work = workOf(exec);
    this.writer.lockValues(work, row, exec);
    for (const writer of this.writer.indexes) {
      const { index } = writer;
      if (!index.unique || (indexes.length > 0 && !indexes.includes(index.oid))) continue;
      const rowid = this.writer.findConflict(writer, row, exec);
      if (rowid === undefined) continue;
      if (!locks) return { rowid, before: [] };
      this.lock(work, rowid, "no key update");
      const before = readRow(this.#ctx, this.relation, rowid, exec);
      if (before !== undefined) return { rowid, before };
    }
    // Only DO NOTHING asks for these.
    for (const exclusion of this.#exclusions) {
      const { constraint } = exclusion;
      if (constraint.deferrable || (indexes.length > 0 && !indexes.includes(constraint.index))) continue;
      exclusion.lock(work, row, exec);
      const rowid = exclusion.conflict(row, undefined, exec)?.rowid;
      if (rowid !== undefined) return { rowid, before: [] };
    }
    return undefined;
  }

  /** The row is in another partition now: for foreign keys it was updated. `after` has this table's columns. */
  referencedHasMoved(before: Row, after: Row, exec: Exec): void {
    if (exec.isReplica) return;
    for (const key of this.#references) {
      if (key.foreign.relation === this.relation.oid)
        this.#onReferenced(key, "delete", before, undefined, exec);
      else if (!key.sameReferenced(before, after)) this.#onReferenced(key, "update", before, after, exec);
    }
  }

  /** Checks a row against one foreign key, as when the key is added. @throws PgError 23503 */
  checkForeign(constraint: number, row: Row, exec: Exec): void {
    this.#outgoing.find((key) => key.constraint.oid === constraint)?.check(row, exec);
  }

  lock(work: TransactionWork, rowid: number, mode: "update" | "no key update" | "share" | "key share"): void {
    work.lock(postgresRowLocks, this.writer.table, rowid, mode);
  }

  /** Who changes the table's definition waits for the end of this transaction, whose rows are as it is now. */
  #lockTable(work: TransactionWork, exec: Exec): void {
    const { table } = this.writer;
    if (exec.lockedTables.has(table)) return;
    work.lock(postgresTableLocks, table, 0, "row exclusive");
    exec.lockedTables.add(table);
  }

  /** @throws PgError 55000, 42P10 where a publication could not tell which row is meant */
  #requireIdentity(action: "update" | "delete"): void {
    if (!this.#identityFaults.has(action))
      this.#identityFaults.set(action, identityFault(this.#ctx, this.relation, action));
    const fault = this.#identityFaults.get(action);
    if (fault !== undefined) throw new PgError(fault.code, fault.message, fault.details);
  }

  #changesKey(before: Row, after: Row, exec: Exec): boolean {
    return this.writer.indexes.some(
      ({ index, parts }) =>
        index.unique &&
        index.predicate === undefined &&
        parts.some((part) => {
          const [x, y] = [part.value(before, exec), part.value(after, exec)];
          return x === null || y === null
            ? x !== y
            : part.encode(x) !== part.encode(y) && String(part.encode(x)) !== String(part.encode(y));
        }),
    );
  }

  #later(constraint: Constraint, exec: Exec, check: (exec: Exec) => void): void {
    if (constraint.deferrable && exec.isDeferred(constraint)) exec.defer(constraint, check);
    else exec.events.push(check);
  }

  /** Keys that may be deferred are not unique in SQLite: they are checked here. */
  #checkUnique(row: Row, rowid: number, exec: Exec): void {
    for (const writer of this.writer.indexes) {
      if (!writer.index.unique || !writer.isDeferrable) continue;
      const constraint = this.#ctx.catalog
        .constraintsOf(this.relation.oid)
        .find((c) => c.index === writer.index.oid)!;
      this.#later(constraint, exec, (later) => {
        const current = this.#currentRow(rowid, later);
        if (current === undefined) return;
        if (this.writer.findConflict(writer, current, later, rowid) !== undefined)
          throw uniqueViolation(this.#ctx.catalog, this.relation, writer, row, later);
      });
    }
  }

  #checkExclusions(before: Row | undefined, row: Row, rowid: number, exec: Exec): void {
    for (const exclusion of this.#exclusions) {
      if (before !== undefined && exclusion.isSame(before, row, exec)) continue;
      if (!exclusion.constraint.deferrable) exclusion.check(row, rowid, exec);
      else
        this.#later(exclusion.constraint, exec, (later) => {
          const current = this.#currentRow(rowid, later);
          if (current !== undefined) exclusion.check(current, rowid, later);
        });
    }
  }

  /** Checks a row against one EXCLUDE constraint, as when it is added. @throws PgError 23P01 */
  checkExclusion(constraint: number, row: Row, rowid: number, exec: Exec): void {
    const exclusion = this.#exclusions.find((each) => each.constraint.oid === constraint);
    const conflict = exclusion?.conflict(row, rowid, exec);
    if (conflict !== undefined) throw exclusion!.violation(row, conflict.row, exec, true);
  }

  #currentRow(rowid: number, exec: Exec): Row | undefined {
    return readRow(this.#ctx, this.relation, rowid, exec);
  }

  #checkReference(key: ForeignKey, rowid: number, row: Row, exec: Exec): void {
    // What was changed or deleted since is checked with that change, or not at all.
    const current = this.#currentRow(rowid, exec);
    if (current === undefined || !key.sameReferencing(row, current)) return;
    key.check(current, exec);
  }

  #onReferenced(
    key: ForeignKey,
    event: "update" | "delete",
    before: Row,
    after: Row | undefined,
    exec: Exec,
  ): void {
    if (!key.hasReferenced(before)) return;
    const action: ForeignAction = event === "update" ? key.foreign.onUpdate : key.foreign.onDelete;
    if (action === "a") {
      this.#later(key.constraint, exec, (later) => key.refuseReferencing(before, event, later));
      return;
    }
    if (action === "r") {
      exec.events.push((later) => key.refuseReferencing(before, event, later, true));
      return;
    }
    exec.events.push((later) => {
      const { foreign } = key;
      for (const { relation, rowid, row } of key.referencingRows(before, later)) {
        const child = Changer.of(this.#ctx, relation);
        if (action === "c" && event === "delete") {
          child.delete(rowid, row, later);
          continue;
        }
        const changed = row.slice();
        const there = attnumsIn(key.referencing, relation);
        const columns =
          action === "c" ? key.keys : ((event === "delete" ? foreign.setColumns : undefined) ?? key.keys);
        for (const attnum of columns) {
          const at = key.keys.indexOf(attnum);
          changed[there.get(attnum)! - 1] =
            action === "c"
              ? (after![key.referencedKeys[at]! - 1] ?? null)
              : action === "n"
                ? null
                : key.defaultOf(attnum, later);
        }
        const set = new Set(columns.map((attnum) => there.get(attnum)!));
        const root = ancestorsOf(this.#ctx.catalog, relation).at(-1);
        if (root === undefined) child.update(rowid, row, changed, later, set);
        else this.#updatePartition(root, relation, { rowid, row, changed }, later);
      }
    });
  }

  /** The action of a foreign key may change the partition key. */
  #updatePartition(
    root: Relation,
    leaf: Relation,
    { rowid, row, changed }: { readonly rowid: number; readonly row: Row; readonly changed: Row },
    exec: Exec,
  ): void {
    const map = rowMap(leaf, root);
    this.#ctx
      .partitionedChanger(root)
      .update(partitionRowid(leaf.oid, rowid), map.to(row), map.to(changed), exec);
  }
}

function workOf(exec: Exec): TransactionWork {
  if (exec.work === undefined) throw new PgError("25006", "cannot change rows in a read-only transaction");
  return exec.work;
}

interface FoundRow {
  /** The table itself, or the partition. */
  readonly relation: Relation;
  readonly rowid: number;
  readonly row: Row;
}

/** A foreign key, from both of its sides. */
class ForeignKey {
  readonly constraint: Constraint;
  readonly foreign: NonNullable<Constraint["foreign"]>;
  readonly referencing: Relation;
  readonly referenced: Relation;
  readonly keys: readonly number[];
  /** The referenced columns in the table whose rows are changed: it may be a partition of the one that is named. */
  readonly referencedKeys: readonly number[];
  readonly #changed: Relation;
  readonly #ctx: PlanContext;

  /** `changed` is the table on either side whose rows it is asked about. */
  constructor(ctx: PlanContext, constraint: Constraint, changed: Relation) {
    this.#ctx = ctx;
    this.constraint = constraint;
    this.foreign = constraint.foreign!;
    this.keys = constraint.keys;
    this.referencing = ctx.catalog.get("relation", constraint.relation)!;
    this.referenced = ctx.catalog.get("relation", this.foreign.relation)!;
    const isPart =
      changed.oid !== this.referenced.oid &&
      ancestorsOf(ctx.catalog, changed).some(({ oid }) => oid === this.referenced.oid);
    this.#changed = isPart ? changed : this.referenced;
    const there = attnumsIn(this.referenced, this.#changed);
    this.referencedKeys = isPart ? this.foreign.keys.map((attnum) => there.get(attnum)!) : this.foreign.keys;
  }

  sameReferencing(a: Row, b: Row): boolean {
    return this.#same(this.referencing, this.keys, a, b);
  }

  sameReferenced(a: Row, b: Row): boolean {
    return this.#same(this.#changed, this.referencedKeys, a, b);
  }

  hasReferenced(row: Row): boolean {
    return this.referencedKeys.every((attnum) => (row[attnum - 1] ?? null) !== null);
  }

  #same(relation: Relation, keys: readonly number[], a: Row, b: Row): boolean {
    return keys.every((attnum) => {
      const x = a[attnum - 1] ?? null;
      const y = b[attnum - 1] ?? null;
      if (x === null || y === null) return x === y;
      const { key } = typeOps(this.#ctx.catalog, relation.columns.find((c) => c.attnum === attnum)!.type);
      return key === undefined ? x === y : key(x) === key(y);
    });
  }

  /** Where a side's columns have the values of the other side's; in the partitions of one that has them. */
  #find(
    relation: Relation,
    attnums: readonly number[],
    values: readonly Datum[],
    exec: Exec,
    limit: string,
  ): FoundRow[] {
    if (relation.kind !== "p") return this.#findIn(relation, attnums, values, exec, limit);
    return leavesOf(this.#ctx.catalog, relation).flatMap((leaf) => {
      const there = attnumsIn(relation, leaf);
      const own = attnums.map((attnum) => there.get(attnum)!);
      return this.#findIn(leaf, own, values, exec, limit);
    });
  }

  #findIn(
    relation: Relation,
    attnums: readonly number[],
    values: readonly Datum[],
    exec: Exec,
    limit: string,
  ): FoundRow[] {
    const { catalog } = this.#ctx;
    const columns = storedColumns(catalog, relation);
    const where: string[] = [];
    const bound: SqlValue[] = [];
    let isExact = true;
    for (const [i, attnum] of attnums.entries()) {
      const stored = columns.find(({ column }) => column.attnum === attnum)!;
      if (stored.codec.isOrdered) {
        where.push(`${columnName(attnum)} = ?`);
        bound.push(stored.codec.encode(values[i]!));
      } else {
        isExact = false;
        where.push(`${columnName(attnum)} IS NOT NULL`);
      }
    }
    const select = ["rowid_", ...columns.map(({ name }) => name)].join(", ");
    const sql = `SELECT ${select} FROM ${tableName(relation.oid)} WHERE ${where.join(" AND ")}${isExact ? limit : ""}`;
    const rows = statement(exec.db, sql, { raw: true, safeIntegers: true }).all(...bound) as SqlValue[][];
    return rows
      .map((raw) => ({ relation, rowid: Number(raw[0]), row: decodeRow(this.#ctx, relation, raw) }))
      .filter(({ row }) => {
        if (isExact) return true;
        return attnums.every((attnum, i) => {
          const { key } = typeOps(catalog, relation.columns.find((c) => c.attnum === attnum)!.type);
          return key!(row[attnum - 1]!) === key!(values[i]!);
        });
      });
  }

  /** @throws PgError 23503 */
  check(row: Row, exec: Exec): void {
    const values = this.keys.map((attnum) => row[attnum - 1] ?? null);
    const nulls = values.filter((value) => value === null).length;
    if (nulls === values.length || (nulls > 0 && this.foreign.match === "s")) return;
    if (nulls > 0) {
      throw this.#violation(
        `insert or update on table "${this.referencing.name}" violates foreign key constraint "${this.constraint.name}"`,
        "MATCH FULL does not allow mixing of null and nonnull key values.",
      );
    }
    const [found] = this.#find(this.referenced, this.foreign.keys, values, exec, " LIMIT 1");
    if (found === undefined) {
      throw this.#violation(
        `insert or update on table "${this.referencing.name}" violates foreign key constraint "${this.constraint.name}"`,
        `Key (${this.#names(this.referencing, this.keys)})=(${this.#values(this.referencing, this.keys, values, exec)}) is not present in table "${this.referenced.name}".`,
      );
    }
    exec.work?.lock(postgresRowLocks, tableName(found.relation.oid), found.rowid, "key share", {
      ignoresLaterChanges: true,
    });
  }

  referencingRows(referenced: Row, exec: Exec): FoundRow[] {
    const values = this.referencedKeys.map((attnum) => referenced[attnum - 1] ?? null);
    return this.#find(this.referencing, this.keys, values, exec, "");
  }

  /** NO ACTION and RESTRICT. @throws PgError 23503, 23001 */
  refuseReferencing(referenced: Row, event: "update" | "delete", exec: Exec, isRestrict = false): void {
    const values = this.referencedKeys.map((attnum) => referenced[attnum - 1] ?? null);
    if (this.#find(this.referencing, this.keys, values, exec, " LIMIT 1").length === 0) return;
    // NO ACTION is content when another row has taken the value.
    if (!isRestrict && this.#find(this.referenced, this.foreign.keys, values, exec, " LIMIT 1").length > 0)
      return;
    void event;
    const key = `Key (${this.#names(this.referenced, this.foreign.keys)})=(${this.#values(this.referenced, this.foreign.keys, values, exec)})`;
    throw new PgError(
      isRestrict ? "23001" : "23503",
      `update or delete on table "${this.referenced.name}" violates ${isRestrict ? "RESTRICT setting of " : ""}foreign key constraint "${this.constraint.name}" on table "${this.referencing.name}"`,
      {
        detail: isRestrict
          ? `${key} is referenced from table "${this.referencing.name}".`
          : `${key} is still referenced from table "${this.referencing.name}".`,
        ...this.#place(),
      },
    );
  }

  defaultOf(attnum: number, exec: Exec): Datum {
    const column = this.referencing.columns.find((c) => c.attnum === attnum)!;
    if (column.default === undefined) return null;
    const { expr, entry } = tableExpression(this.#ctx, this.referencing, column.default, {
      type: column.type,
      typmod: column.typmod,
    });
    return this.#ctx.compiler.compile(expr, new Scope(undefined, new Map([[entry, 0]])))([], {
      exec,
      row: [],
      outer: undefined,
    });
  }

  #names(relation: Relation, attnums: readonly number[]): string {
    return attnums.map((attnum) => relation.columns.find((c) => c.attnum === attnum)!.name).join(", ");
  }

  #values(relation: Relation, attnums: readonly number[], values: readonly Datum[], exec: Exec): string {
    return values
      .map((value, i) => {
        const { type } = relation.columns.find((c) => c.attnum === attnums[i])!;
        return value === null ? "null" : typeOps(this.#ctx.catalog, type).output(value, exec.io);
      })
      .join(", ");
  }

  #place() {
    return {
      schema: this.#ctx.catalog.get("namespace", this.referencing.namespace)?.name,
      table: this.referencing.name,
      constraint: this.constraint.name,
    };
  }

  #violation(message: string, detail: string): PgError {
    return new PgError("23503", message, { detail, ...this.#place() });
  }
}
