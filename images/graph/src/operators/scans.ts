import {
  type Evaluate,
  type Operator,
  pause,
  type Row,
  type Rows,
  type RunContext,
} from "../runtime/context.ts";
import type { KeyRange } from "../storage/index-keys.ts";
import { afterPrefix, indexKey } from "../storage/index-keys.ts";
import type { SchemaRule } from "../storage/schema.ts";
import { isList, NodeRef, type RelRef, type Value } from "../values/types.ts";
import { noRows } from "./basic.ts";

const batchSize = 1000;

/** Gives entities in batches: the next ones after a state, which it changes. Undefined at the end. */
type NextBatch = () => readonly (NodeRef | RelRef)[];

/** For each row of the source, all entities that `begin` finds, in one place of the row. */
abstract class Scan implements Operator {
  abstract readonly name: string;
  readonly details: string;
  readonly children: readonly Operator[];
  readonly #source: Operator;
  readonly #slot: number;

  constructor(source: Operator, slot: number, details: string) {
    this.#source = source;
    this.children = [source];
    this.#slot = slot;
    this.details = details;
  }

  protected abstract begin(row: Row, ctx: RunContext): NextBatch;

  open(ctx: RunContext, argument: Row): Rows {
    const rows = this.#source.open(ctx, argument);
    const slot = this.#slot;
    let row: Row | undefined;
    let more: NextBatch | undefined;
    let batch: readonly (NodeRef | RelRef)[] = [];
    let at = 0;
    return {
      next: () => {
        for (;;) {
          if (ctx.isSliceOver()) return pause;
          if (at < batch.length) {
            const made = row!.slice();
            made[slot] = batch[at++]!;
            return made;
          }
          if (more !== undefined) {
            batch = more();
            at = 0;
            if (batch.length > 0) continue;
            more = undefined;
          }
          const given = rows.next();
          if (given === undefined || given === pause) return given;
          row = given;
          more = this.begin(row, ctx);
        }
      },
    };
  }
}

export class AllNodesScan extends Scan {
  readonly name = "AllNodesScan";

  protected begin(_row: Row, ctx: RunContext): NextBatch {
    let last = -1;
    return () => {
      const ids = ctx.graph.nodesAfter(last, batchSize);
      last = ids.at(-1) ?? last;
      return ids.map((id) => new NodeRef(id));
    };
  }
}

export class LabelScan extends Scan {
  readonly name = "NodeByLabelScan";
  readonly #label: string;

  constructor(source: Operator, slot: number, label: string, details: string) {
    super(source, slot, details);
    this.#label = label;
  }

  protected begin(_row: Row, ctx: RunContext): NextBatch {
    const label = ctx.graph.tokens.find("label", this.#label);
    let last = -1;
    return () => {
      if (label === undefined) return [];
      const ids = ctx.graph.nodesWithLabelAfter(label, last, batchSize);
      last = ids.at(-1) ?? last;
      return ids.map((id) => new NodeRef(id));
    };
  }
}

/** `WHERE id(n) = ...`, `elementId(n) IN ...`: the entities of given numbers, if they are there. */
export class IdSeek extends Scan {
  readonly name: string;
  readonly #ids: Evaluate;
  readonly #isNode: boolean;

  constructor(source: Operator, slot: number, ids: Evaluate, isNode: boolean, details: string) {
    super(source, slot, details);
    this.name = isNode ? "NodeByIdSeek" : "DirectedRelationshipByIdSeek";
    this.#ids = ids;
    this.#isNode = isNode;
  }

  protected begin(row: Row, ctx: RunContext): NextBatch {
    const value = this.#ids(row, ctx);
    const wanted = new Set<number>();
    for (const item of isList(value) ? value : [value]) {
      const id = this.#number(item, ctx);
      if (id !== undefined) wanted.add(id);
    }
    let isDone = false;
    return () => {
      if (isDone) return [];
      isDone = true;
      const found: (NodeRef | RelRef)[] = [];
      for (const id of wanted) {
        if (this.#isNode) {
          if (ctx.graph.node(id) !== undefined) found.push(new NodeRef(id));
        } else {
          const record = ctx.graph.rel(id);
          if (record !== undefined) found.push(record.ref);
        }
      }
      return found;
    };
  }

  #number(value: Value, ctx: RunContext): number | undefined {
    if (typeof value === "bigint" || typeof value === "number") {
      const id = Number(value);
      return Number.isSafeInteger(id) ? id : undefined;
    }
    if (typeof value !== "string") return undefined;
    const prefix = `${this.#isNode ? 4 : 5}:${ctx.graph.databaseId()}:`;
    const id = value.startsWith(prefix) ? value.slice(prefix.length) : "";
    return /^\d+$/.test(id) ? Number(id) : undefined;
  }
}

/** What an index is asked for; what is found is compared again by a filter. */
export type Seek =
  | { readonly kind: "equal"; readonly values: readonly Evaluate[] }
  | { readonly kind: "in"; readonly list: Evaluate }
  | { readonly kind: "range"; readonly keys: (row: Row, ctx: RunContext) => KeyRange | undefined };

export class IndexSeek extends Scan {
  readonly name: string;
  readonly #rule: SchemaRule;
  readonly #seek: Seek;

  constructor(source: Operator, slot: number, rule: SchemaRule, seek: Seek, details: string) {
    super(source, slot, details);
    const kind = rule.type === "UNIQUENESS" || rule.type === "KEY" ? "UniqueIndexSeek" : "IndexSeek";
    this.name = `${rule.entity === "NODE" ? "Node" : "DirectedRelationship"}${kind}${seek.kind === "range" ? "ByRange" : ""}`;
    this.#rule = rule;
    this.#seek = seek;
  }

  protected begin(row: Row, ctx: RunContext): NextBatch {
    const { id } = this.#rule;
    const seek = this.#seek;
    if (seek.kind === "range") {
      const range = seek.keys(row, ctx);
      return range === undefined ? () => [] : this.#range(range, ctx);
    }
    if (seek.kind === "equal") {
      const parts = seek.values.map((evaluate) => indexKey(evaluate(row, ctx)));
      if (parts.includes(undefined)) return () => [];
      const key = Buffer.concat(parts as Buffer[]);
      // A prefix of a composite index is a range of its keys.
      if (parts.length < this.#rule.properties.length)
        return this.#range({ from: key, to: afterPrefix(key) }, ctx);
      return this.#once(() => ctx.graph.entitiesWithKey(id, key), ctx);
    }
    const list = seek.list(row, ctx);
    if (!isList(list)) return () => [];
    return this.#once(() => {
      const found = new Set<number>();
      for (const item of list) {
        const key = indexKey(item);
        if (key === undefined) continue;
        for (const entity of ctx.graph.entitiesWithKey(id, key)) found.add(entity);
      }
      return [...found];
    }, ctx);
  }

  #once(find: () => readonly number[], ctx: RunContext): NextBatch {
    let isDone = false;
    return () => {
      if (isDone) return [];
      isDone = true;
      return this.#entities(find(), ctx);
    };
  }

  #entities(ids: readonly number[], ctx: RunContext): readonly (NodeRef | RelRef)[] {
    if (this.#rule.entity === "NODE") return ids.map((id) => new NodeRef(id));
    return ids.map((id) => ctx.graph.rel(id)?.ref).filter((ref) => ref !== undefined);
  }

  #range({ from, to }: KeyRange, ctx: RunContext): NextBatch {
    let key = from;
    let entity = -1;
    return () => {
      const entries = ctx.graph.entriesAfter(this.#rule.id, key, entity, to, batchSize);
      const last = entries.at(-1);
      if (last !== undefined) [key, entity] = last;
      return this.#entities(
        entries.map(([, id]) => id),
        ctx,
      );
    };
  }
}

/** All relationships, of some types or of any, with both of their ends. */
export class RelationshipScan implements Operator {
  readonly name = "DirectedRelationshipTypeScan";
  readonly children: readonly Operator[];
  readonly #source: Operator;
  readonly #slot: number;
  readonly #types: readonly string[];

  constructor(source: Operator, slot: number, types: readonly string[]) {
    this.#source = source;
    this.children = [source];
    this.#slot = slot;
    this.#types = types;
  }

  open(ctx: RunContext, argument: Row): Rows {
    const ids = this.#types
      .map((name) => ctx.graph.tokens.find("type", name))
      .filter((id) => id !== undefined);
    if (this.#types.length > 0 && ids.length === 0) return noRows;
    const queue: (number | undefined)[] = ids.length === 0 ? [undefined] : [...new Set(ids)];
    const slot = this.#slot;
    const rows = this.#source.open(ctx, argument);
    let row: Row | undefined;
    let index = queue.length;
    let last = -1;
    let batch: readonly RelRef[] = [];
    let at = 0;
    return {
      next: () => {
        for (;;) {
          if (ctx.isSliceOver()) return pause;
          if (at < batch.length) {
            const made = row!.slice();
            made[slot] = batch[at++]!;
            return made;
          }
          if (index < queue.length) {
            const type = queue[index];
            batch =
              type === undefined
                ? ctx.graph.relsAfter(last, batchSize)
                : ctx.graph.relsOfTypeAfter(type, last, batchSize);
            at = 0;
            last = batch.at(-1)?.id ?? last;
            if (batch.length === 0) {
              index++;
              last = -1;
            }
            continue;
          }
          const given = rows.next();
          if (given === undefined || given === pause) return given;
          row = given;
          index = 0;
          last = -1;
        }
      },
    };
  }
}
