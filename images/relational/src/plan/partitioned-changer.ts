import type { Relation } from "../catalog/model.ts";
import { leavesOf } from "../catalog/partitions.ts";
import { PgError } from "../errors.ts";
import type { Exec } from "../run/exec.ts";
import { partitionRowid, readPartitionRowid } from "../storage/ctid.ts";
import type { Datum, Row } from "../types/datum.ts";
import { Changer } from "./changer.ts";
import { partitionViolation } from "./checks.ts";
import type { PlanContext } from "./context.ts";
import { planPartitionBounds, Routing } from "./partition-routing.ts";
import { type RowMap, rowMap } from "./partitioned-rows.ts";
import type { RowChanger } from "./row-changer.ts";
import type { RowGuard } from "./row-security.ts";
import { Triggers } from "./triggers.ts";
import { lastAttnumOf } from "./write.ts";

interface Leaf {
  readonly relation: Relation;
  readonly changer: Changer;
  readonly map: RowMap;
}

/** Changes rows of a partitioned table: each in the partition that it is in, or belongs into. */
export class PartitionedChanger implements RowChanger {
  /** Those for statements; the ones for rows are the partitions' own. */
  readonly triggers: Triggers;
  readonly #ctx: PlanContext;
  readonly #relation: Relation;
  readonly #routing: Routing;
  /** Of one that is itself a partition. */
  readonly #isWithin: ((row: Row, exec: Exec) => boolean) | undefined;
  readonly #leaves = new Map<number, Leaf>();

  constructor(ctx: PlanContext, relation: Relation) {
    this.#ctx = ctx;
    this.#relation = relation;
    this.#routing = new Routing(ctx, relation);
    this.#isWithin = planPartitionBounds(ctx, relation);
    this.triggers = new Triggers(ctx, relation, leavesOf(ctx.catalog, relation));
  }

  #leaf(oid: number): Leaf {
    let leaf = this.#leaves.get(oid);
    if (leaf === undefined) {
      const relation = this.#ctx.catalog.get("relation", oid)!;
      leaf = {
        relation,
        changer: Changer.of(this.#ctx, relation),
        map: rowMap(this.#relation, relation),
      };
      this.#leaves.set(oid, leaf);
    }
    return leaf;
  }

  #leafFor(row: Row, exec: Exec): Leaf {
    if (this.#isWithin?.(row, exec) === false) throw partitionViolation(this.#ctx, this.#relation, row, exec);
    return this.#leaf(this.#routing.leafFor(row, exec).oid);
  }

  /** A row as the partition's triggers and generated columns have left it. */
  #copyBack({ map }: Leaf, own: Row, row: Row): void {
    const back = map.from(own);
    if (back === row) return;
    for (let i = 0; i < lastAttnumOf(this.#relation); i++) row[i] = back[i] ?? null;
  }

  #guardOf({ map }: Leaf, guard: RowGuard | undefined): RowGuard | undefined {
    return guard && ((row, exec) => guard(map.from(row), exec));
  }

  prepareInsert(row: Row, exec: Exec, guard?: RowGuard): boolean {
    const leaf = this.#leafFor(row, exec);
    const own = leaf.map.to(row);
    const isPrepared = leaf.changer.prepareInsert(own, exec, this.#guardOf(leaf, guard), () => {
      throw new PgError(
        "0A000",
        "moving row to another partition during a BEFORE FOR EACH ROW trigger is not supported",
      );
    });
    if (isPrepared) this.#copyBack(leaf, own, row);
    return isPrepared;
  }

  insert(row: Row, exec: Exec): Datum {
    const leaf = this.#leafFor(row, exec);
    const rowid = leaf.changer.insert(leaf.map.to(row), exec);
    this.triggers.keepRows("insert", undefined, row, exec);
    return partitionRowid(leaf.relation.oid, rowid);
  }

  update(
    rowid: Datum,
    before: Row,
    after: Row,
    exec: Exec,
    columns?: ReadonlySet<number>,
    guard?: RowGuard,
    onElsewhere?: () => void,
  ): boolean {
    const found = readPartitionRowid(rowid);
    const leaf = this.#leaf(found.leaf);
    const [was, is] = [leaf.map.to(before), leaf.map.to(after)];
    const own = columns === undefined ? undefined : new Set(leaf.map.attnums(columns));
    let moved: boolean | undefined;
    const isChanged = leaf.changer.update(found.rowid, was, is, exec, own, this.#guardOf(leaf, guard), () => {
      onElsewhere?.();
      this.#copyBack(leaf, is, after);
      moved = this.#move(leaf, found.rowid, was, after, exec, guard);
    });
    if (moved === undefined) this.#copyBack(leaf, is, after);
    const isDone = moved ?? isChanged;
    if (isDone) this.triggers.keepRows("update", before, after, exec);
    return isDone;
  }

  /** To another partition: there it is inserted, here it is deleted. For those who refer to it, it was updated. */
  #move(from: Leaf, rowid: number, was: Row, after: Row, exec: Exec, guard: RowGuard | undefined): boolean {
    if (!from.changer.delete(rowid, was, exec, true)) return false;
    if (!this.prepareInsert(after, exec, guard)) return true;
    const to = this.#leafFor(after, exec);
    const own = to.map.to(after);
    const inserted = to.changer.insert(own, exec);
    after[lastAttnumOf(this.#relation)] = partitionRowid(to.relation.oid, inserted);
    from.changer.referencedHasMoved(was, rowMap(to.relation, from.relation).to(own), exec);
    return true;
  }

  delete(rowid: Datum, before: Row, exec: Exec): boolean {
    const found = readPartitionRowid(rowid);
    const leaf = this.#leaf(found.leaf);
    const isDeleted = leaf.changer.delete(found.rowid, leaf.map.to(before), exec);
    if (isDeleted) this.triggers.keepRows("delete", before, undefined, exec);
    return isDeleted;
  }

  conflicting(
    indexes: readonly number[],
    row: Row,
    exec: Exec,
    locks: boolean,
  ): { rowid: Datum; before: Row } | undefined {
    const leaf = this.#leafFor(row, exec);
    const own = indexes.length === 0 ? [] : this.#indexesIn(leaf.relation, indexes);
    const found = leaf.changer.conflicting(own, leaf.map.to(row), exec, locks);
    if (found === undefined) return undefined;
    const rowid = partitionRowid(leaf.relation.oid, found.rowid);
    const before = leaf.map.from(found.before).slice();
    before[lastAttnumOf(this.#relation)] = rowid;
    return { rowid, before };
  }

  #indexesIn({ oid }: Relation, indexes: readonly number[]): number[] {
    const { catalog } = this.#ctx;
    return catalog
      .indexesOf(oid)
      .filter((index) => {
        for (let { parent } = index; parent !== undefined; parent = catalog.get("index", parent)?.parent)
          if (indexes.includes(parent)) return true;
        return false;
      })
      .map((index) => index.oid);
  }
}
