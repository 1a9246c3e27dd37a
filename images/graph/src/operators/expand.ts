import { CypherError } from "../errors.ts";
import { type Operator, pause, type Row, type Rows, type RunContext } from "../runtime/context.ts";
import type { Side } from "../storage/graph-reader.ts";
import { isList, NodeRef, RelRef, type Value } from "../values/types.ts";
import { noRows } from "./basic.ts";

/** Which relationships a step may take. */
export interface Step {
  readonly side: Side;
  /** None: all. */
  readonly types: readonly string[];
  /** What else a relationship must be like; it sees the row. */
  readonly accepts: ((rel: RelRef, row: Row, ctx: RunContext) => boolean) | undefined;
}

/** Places of what was matched before in the same MATCH: relationships, and lists of them. No relationship is matched twice. */
export interface Taken {
  readonly rels: readonly number[];
  readonly lists: readonly number[];
}

export function isTaken(rel: RelRef, row: Row, { rels, lists }: Taken): boolean {
  for (const slot of rels) if ((row[slot] as RelRef | null)?.id === rel.id) return true;
  for (const slot of lists) {
    const list = row[slot];
    if (isList(list as Value) && (list as readonly RelRef[]).some((other) => other.id === rel.id))
      return true;
  }
  return false;
}

/** Numbers of the types of a step; undefined for all, an empty list when there are none of those. */
export function typesOf(step: Step, ctx: RunContext): readonly number[] | undefined {
  if (step.types.length === 0) return undefined;
  const ids = step.types.map((name) => ctx.graph.tokens.find("type", name)).filter((id) => id !== undefined);
  return [...new Set(ids)];
}

export function otherEnd(rel: RelRef, node: number): number {
  return rel.start === node ? rel.end : rel.start;
}

/** A node in a row, or undefined for null. */
export function nodeAt(row: Row, slot: number): NodeRef | undefined {
  const value = row[slot];
  if (value === null || value === undefined) return undefined;
  if (value instanceof NodeRef) return value;
  throw new CypherError(
    "Neo.ClientError.Statement.TypeError",
    "Expected a Node in a pattern, and found another value",
  );
}

export interface ExpandPlaces {
  readonly from: number;
  readonly rel: number;
  readonly to: number;
  /** Whether the other end is known, so that it is compared and not set. */
  readonly isInto: boolean;
}

/** From a node along one relationship. */
export class Expand implements Operator {
  readonly name: string;
  readonly details: string;
  readonly children: readonly Operator[];
  readonly #source: Operator;
  readonly #places: ExpandPlaces;
  readonly #step: Step;
  readonly #taken: Taken;

  constructor(source: Operator, places: ExpandPlaces, step: Step, taken: Taken, details: string) {
    this.name = places.isInto ? "Expand(Into)" : "Expand(All)";
    this.details = details;
    this.#source = source;
    this.children = [source];
    this.#places = places;
    this.#step = step;
    this.#taken = taken;
  }

  open(ctx: RunContext, argument: Row): Rows {
    const types = typesOf(this.#step, ctx);
    if (types?.length === 0) return noRows;
    const { from, rel: relSlot, to: toSlot, isInto } = this.#places;
    const { side, accepts } = this.#step;
    const taken = this.#taken;
    const rows = this.#source.open(ctx, argument);
    let row: Row | undefined;
    let node = 0;
    let rels: readonly RelRef[] = [];
    let at = 0;
    return {
      next: () => {
        for (;;) {
          if (ctx.isSliceOver()) return pause;
          if (at < rels.length) {
            const rel = rels[at++]!;
            const other = otherEnd(rel, node);
            if (isInto && (row![toSlot] as NodeRef | null)?.id !== other) continue;
            if (isTaken(rel, row!, taken)) continue;
            if (accepts !== undefined && !accepts(rel, row!, ctx)) continue;
            const made = row!.slice();
            made[relSlot] = rel;
            if (!isInto) made[toSlot] = new NodeRef(other);
            return made;
          }
          const given = rows.next();
          if (given === undefined || given === pause) return given;
          const start = nodeAt(given, from);
          if (start === undefined) continue;
          if (isInto && nodeAt(given, toSlot) === undefined) continue;
          row = given;
          node = start.id;
          rels = ctx.graph.relsOf(node, side, types);
          at = 0;
        }
      },
    };
  }
}

/** A relationship that is known already: its ends are set, or compared. */
export class ProjectEnds implements Operator {
  readonly name = "ProjectEndpoints";
  readonly children: readonly Operator[];
  readonly #source: Operator;
  readonly #places: ExpandPlaces & { readonly isFromKnown: boolean };
  readonly #step: Step;
  readonly #taken: Taken;

  constructor(
    source: Operator,
    places: ExpandPlaces & { readonly isFromKnown: boolean },
    step: Step,
    taken: Taken,
  ) {
    this.#source = source;
    this.children = [source];
    this.#places = places;
    this.#step = step;
    this.#taken = taken;
  }

  open(ctx: RunContext, argument: Row): Rows {
    const types = typesOf(this.#step, ctx);
    const rows = this.#source.open(ctx, argument);
    let waiting: Row[] = [];
    return {
      next: () => {
        for (;;) {
          const ready = waiting.shift();
          if (ready !== undefined) return ready;
          const row = rows.next();
          if (row === undefined || row === pause) return row;
          waiting = this.#matches(row, types, ctx);
          if (waiting.length === 0 && ctx.isSliceOver()) return pause;
        }
      },
    };
  }

  #matches(row: Row, types: readonly number[] | undefined, ctx: RunContext): Row[] {
    const { rel: relSlot } = this.#places;
    const rel = row[relSlot];
    if (rel === null || rel === undefined) return [];
    if (!(rel instanceof RelRef))
      throw new CypherError(
        "Neo.ClientError.Statement.TypeError",
        "Expected a Relationship in a pattern, and found another value",
      );
    if (types !== undefined && !types.includes(rel.type)) return [];
    if (isTaken(rel, row, this.#taken)) return [];
    const { side, accepts } = this.#step;
    if (accepts !== undefined && !accepts(rel, row, ctx)) return [];
    const found: Row[] = [];
    if (side !== "in") this.#ends(found, row, rel.start, rel.end);
    if (side !== "out" && !(side === "both" && rel.start === rel.end))
      this.#ends(found, row, rel.end, rel.start);
    return found;
  }

  #ends(found: Row[], row: Row, from: number, to: number): void {
    const places = this.#places;
    if (places.isFromKnown && nodeAt(row, places.from)?.id !== from) return;
    if (places.isInto && nodeAt(row, places.to)?.id !== to) return;
    if (places.from === places.to && from !== to) return;
    const made = row.slice();
    made[places.from] = new NodeRef(from);
    made[places.to] = new NodeRef(to);
    found.push(made);
  }
}

export interface VarLength {
  readonly min: number;
  readonly max: number;
  /** The walk goes against the order in which the pattern is written. */
  readonly isReversed: boolean;
}

interface Level {
  readonly node: number;
  readonly rels: readonly RelRef[];
  at: number;
}

/** From a node along a chain of relationships, none of them twice: depth first. */
export class VarExpand implements Operator {
  readonly name = "VarLengthExpand(All)";
  readonly details: string;
  readonly children: readonly Operator[];
  readonly #source: Operator;
  readonly #places: ExpandPlaces;
  readonly #step: Step;
  readonly #taken: Taken;
  readonly #length: VarLength;

  constructor(
    source: Operator,
    places: ExpandPlaces,
    step: Step,
    taken: Taken,
    length: VarLength,
    details: string,
  ) {
    this.#source = source;
    this.children = [source];
    this.details = details;
    this.#places = places;
    this.#step = step;
    this.#taken = taken;
    this.#length = length;
  }

  open(ctx: RunContext, argument: Row): Rows {
    const types = typesOf(this.#step, ctx);
    const { from, to: toSlot, isInto } = this.#places;
    const { side, accepts } = this.#step;
    const { min, max } = this.#length;
    const rows = this.#source.open(ctx, argument);
    let row: Row | undefined;
    let levels: Level[] = [];
    const walked: RelRef[] = [];
    const enter = (node: number): void => {
      const rels = walked.length < max && types?.length !== 0 ? ctx.graph.relsOf(node, side, types) : [];
      levels.push({ node, rels, at: 0 });
    };
    const emit = (node: number): Row | undefined => {
      if (walked.length < min) return undefined;
      return this.#made(row!, walked, node, isInto, toSlot);
    };
    return {
      next: () => {
        for (;;) {
          if (ctx.isSliceOver()) return pause;
          const level = levels.at(-1);
          if (level === undefined) {
            const given = rows.next();
            if (given === undefined || given === pause) return given;
            const start = nodeAt(given, from);
            if (start === undefined) continue;
            if (isInto && nodeAt(given, toSlot) === undefined) continue;
            row = given;
            walked.length = 0;
            levels = [];
            enter(start.id);
            const made = emit(start.id);
            if (made !== undefined) return made;
            continue;
          }
          if (level.at === level.rels.length) {
            levels.pop();
            walked.pop();
            continue;
          }
          const rel = level.rels[level.at++]!;
          if (walked.some(({ id }) => id === rel.id) || isTaken(rel, row!, this.#taken)) continue;
          if (accepts !== undefined && !accepts(rel, row!, ctx)) continue;
          const node = otherEnd(rel, level.node);
          walked.push(rel);
          enter(node);
          const made = emit(node);
          if (made !== undefined) return made;
        }
      },
    };
  }

  #made(row: Row, walked: readonly RelRef[], node: number, isInto: boolean, toSlot: number): Row | undefined {
    if (isInto && (row[toSlot] as NodeRef).id !== node) return undefined;
    const made = row.slice();
    made[this.#places.rel] = this.#length.isReversed ? walked.toReversed() : walked.slice();
    if (!isInto) made[toSlot] = new NodeRef(node);
    return made;
  }
}

/** A list of relationships that is known already, as a chain of variable length. */
export class ProjectChain implements Operator {
  readonly name = "ProjectEndpoints";
  readonly children: readonly Operator[];
  readonly #source: Operator;
  readonly #places: ExpandPlaces & { readonly isFromKnown: boolean };
  readonly #step: Step;
  readonly #length: VarLength;

  constructor(
    source: Operator,
    places: ExpandPlaces & { readonly isFromKnown: boolean },
    step: Step,
    length: VarLength,
  ) {
    this.#source = source;
    this.children = [source];
    this.#places = places;
    this.#step = step;
    this.#length = length;
  }

  open(ctx: RunContext, argument: Row): Rows {
    const types = typesOf(this.#step, ctx);
    const rows = this.#source.open(ctx, argument);
    return {
      next: () => {
        for (;;) {
          const row = rows.next();
          if (row === undefined || row === pause) return row;
          const made = this.#match(row, types);
          if (made !== undefined) return made;
          if (ctx.isSliceOver()) return pause;
        }
      },
    };
  }

  #match(row: Row, types: readonly number[] | undefined): Row | undefined {
    const places = this.#places;
    const list = row[places.rel];
    if (!isList(list as Value)) return undefined;
    const rels = list as readonly RelRef[];
    const { min, max } = this.#length;
    if (rels.length < min || rels.length > max) return undefined;
    if (types !== undefined && !rels.every(({ type }) => types.includes(type))) return undefined;
    const { side } = this.#step;
    const [first] = rels;
    const known = places.isFromKnown ? nodeAt(row, places.from)?.id : undefined;
    const starts =
      known !== undefined
        ? [known]
        : first === undefined
          ? []
          : side === "out"
            ? [first.start]
            : side === "in"
              ? [first.end]
              : [first.start, first.end];
    for (const start of starts) {
      let node: number | undefined = start;
      for (const rel of rels) {
        if (side !== "in" && rel.start === node) node = rel.end;
        else if (side !== "out" && rel.end === node) node = rel.start;
        else {
          node = undefined;
          break;
        }
      }
      if (node === undefined) continue;
      if (places.isInto && nodeAt(row, places.to)?.id !== node) continue;
      const made = row.slice();
      made[places.from] = new NodeRef(start);
      made[places.to] = new NodeRef(node);
      return made;
    }
    return undefined;
  }
}
