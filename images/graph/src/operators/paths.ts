import { CypherError } from "../errors.ts";
import {
  type Operator,
  type Pause,
  pause,
  type Row,
  type Rows,
  type RunContext,
} from "../runtime/context.ts";
import type { NodeRef, RelRef } from "../values/types.ts";
import { noRows } from "./basic.ts";
import { nodeAt, otherEnd, type Step, type Taken, typesOf } from "./expand.ts";

export interface ShortestPlaces {
  readonly from: number;
  readonly to: number;
  /** Gets the list of relationships, from `from` on. */
  readonly rels: number;
}

export interface ShortestOptions {
  readonly min: number;
  readonly max: number;
  readonly isAll: boolean;
  /** What a whole path must be like; it sees the row with the relationships in place. */
  readonly accepts: ((row: Row, ctx: RunContext) => boolean) | undefined;
}

interface Side {
  /** For each node that was reached: how far it is, and the relationships by which it was reached at that distance. */
  readonly reached: Map<number, { readonly depth: number; readonly by: RelRef[] }>;
  frontier: number[];
  depth: number;
}

/** shortestPath and allShortestPaths between two known nodes: breadth first from both ends. */
export class ShortestPath implements Operator {
  readonly name = "ShortestPath";
  readonly children: readonly Operator[];
  readonly #source: Operator;
  readonly #places: ShortestPlaces;
  readonly #step: Step;
  readonly #options: ShortestOptions;

  constructor(source: Operator, places: ShortestPlaces, step: Step, options: ShortestOptions) {
    this.#source = source;
    this.children = [source];
    this.#places = places;
    this.#step = step;
    this.#options = options;
  }

  open(ctx: RunContext, argument: Row): Rows {
    const types = typesOf(this.#step, ctx);
    const rows = this.#source.open(ctx, argument);
    const { from, to, rels } = this.#places;
    let row: Row | undefined;
    let found: Iterator<readonly RelRef[] | Pause> | undefined;
    return {
      next: () => {
        for (;;) {
          if (ctx.isSliceOver()) return pause;
          if (found === undefined) {
            const given = rows.next();
            if (given === undefined || given === pause) return given;
            const [start, end] = [nodeAt(given, from), nodeAt(given, to)];
            if (start === undefined || end === undefined) continue;
            row = given;
            if (start.id === end.id && this.#options.min > 0)
              throw new CypherError(
                "Neo.DatabaseError.Statement.ExecutionFailed",
                "The shortest path algorithm does not work when the start and end nodes are the same. This can happen if you\nperform a shortestPath search after a cartesian product that might have the same start and end nodes for some\nof the rows passed to shortestPath. If you would rather not experience this exception, and can accept the\npossibility of missing results for those rows, disable this in the Neo4j configuration by setting\n`dbms.cypher.forbid_shortestpath_common_nodes` to false. If you cannot accept missing results, and really want the\nshortestPath between two common nodes, then re-write the query using a standard Cypher variable length pattern\nexpression followed by ordering by path length and limiting to one result.",
                { gqlStatus: "51N23" },
              );
            found =
              this.#options.accepts === undefined
                ? this.#search(start.id, end.id, row, types, ctx)
                : this.#exhaustive(start.id, end.id, row, types, ctx);
          }
          const { value, done } = found.next();
          if (done === true) {
            found = undefined;
            continue;
          }
          if (value === pause) return pause;
          const made = row!.slice();
          made[rels] = value as readonly RelRef[];
          return made;
        }
      },
    };
  }

  *#search(
    start: number,
    end: number,
    row: Row,
    types: readonly number[] | undefined,
    ctx: RunContext,
  ): Generator<readonly RelRef[] | Pause> {
    const { max, isAll } = this.#options;
    if (start === end) {
      yield [];
      return;
    }
    if (types?.length === 0) return;
    const side = (node: number): Side => ({
      reached: new Map([[node, { depth: 0, by: [] }]]),
      frontier: [node],
      depth: 0,
    });
    const [left, right] = [side(start), side(end)];
    for (;;) {
      if (left.frontier.length === 0 || right.frontier.length === 0 || left.depth + right.depth >= max)
        return;
      const isLeft = left.frontier.length <= right.frontier.length;
      const [near, far] = isLeft ? [left, right] : [right, left];
      const meeting = yield* this.#advance(near, far, isLeft, row, types, ctx);
      if (meeting.length === 0) continue;
      yield* this.#paths(left, right, meeting, isAll);
      return;
    }
  }

  /** One step further on one side; gives the nodes in which the two sides meet. */
  *#advance(
    near: Side,
    far: Side,
    isLeft: boolean,
    row: Row,
    types: readonly number[] | undefined,
    ctx: RunContext,
  ): Generator<Pause, number[]> {
    const { side, accepts } = this.#step;
    const walkSide = isLeft || side === "both" ? side : side === "out" ? "in" : "out";
    const next: number[] = [];
    const meeting = new Set<number>();
    near.depth++;
    for (const node of near.frontier) {
      for (const rel of ctx.graph.relsOf(node, walkSide, types)) {
        while (ctx.isSliceOver()) yield pause;
        if (accepts !== undefined && !accepts(rel, row, ctx)) continue;
        const other = otherEnd(rel, node);
        const known = near.reached.get(other);
        if (known === undefined) {
          near.reached.set(other, { depth: near.depth, by: [rel] });
          next.push(other);
          if (far.reached.has(other)) meeting.add(other);
        } else if (known.depth === near.depth) known.by.push(rel);
      }
    }
    near.frontier = next;
    // Where the sides meet at different distances, only the nearest meetings are the shortest way.
    const shortest = Math.min(...[...meeting].map((node) => far.reached.get(node)!.depth));
    return [...meeting].filter((node) => far.reached.get(node)!.depth === shortest);
  }

  *#paths(left: Side, right: Side, meeting: readonly number[], isAll: boolean): Generator<readonly RelRef[]> {
    for (const node of meeting) {
      for (const before of this.#back(left, node)) {
        for (const after of this.#back(right, node)) {
          yield [...before, ...after.toReversed()];
          if (!isAll) return;
        }
      }
    }
  }

  /** The ways from the beginning of a side to a node, in order. */
  *#back(side: Side, node: number): Generator<RelRef[]> {
    const { depth, by } = side.reached.get(node)!;
    if (depth === 0) {
      yield [];
      return;
    }
    for (const rel of by) for (const before of this.#back(side, otherEnd(rel, node))) yield [...before, rel];
  }

  /** All paths by their length, until one is accepted: for conditions on the path as a whole. */
  *#exhaustive(
    start: number,
    end: number,
    row: Row,
    types: readonly number[] | undefined,
    ctx: RunContext,
  ): Generator<readonly RelRef[] | Pause> {
    const { min, max, isAll, accepts } = this.#options;
    const step = this.#step;
    let paths: { node: number; rels: readonly RelRef[] }[] = [{ node: start, rels: [] }];
    for (let length = 0; paths.length > 0 && length <= max; length++) {
      let isFound = false;
      for (const { node, rels } of paths) {
        while (ctx.isSliceOver()) yield pause;
        if (node !== end || length < min) continue;
        const made = row.slice();
        made[this.#places.rels] = rels;
        if (accepts !== undefined && !accepts(made, ctx)) continue;
        isFound = true;
        yield rels;
        if (!isAll) return;
      }
      if (isFound || types?.length === 0) return;
      const longer: typeof paths = [];
      for (const { node, rels } of paths) {
        for (const rel of ctx.graph.relsOf(node, step.side, types)) {
          while (ctx.isSliceOver()) yield pause;
          if (rels.some(({ id }) => id === rel.id)) continue;
          if (step.accepts !== undefined && !step.accepts(rel, row, ctx)) continue;
          longer.push({ node: otherEnd(rel, node), rels: [...rels, rel] });
        }
      }
      paths = longer;
    }
  }
}

export interface QuantifiedPlaces {
  readonly from: number;
  readonly to: number;
  readonly isInto: boolean;
  /** Gets all relationships, in the order of the walk. */
  readonly rels: number;
  /** In the inner plan: where a repetition begins and ends, and its relationships. */
  readonly innerFrom: number;
  readonly innerTo: number;
  readonly innerRels: readonly number[];
  /** Variables of the inner pattern, and the places of the lists that they are outside of it. */
  readonly groups: readonly (readonly [inner: number, list: number])[];
}

/** A quantified path pattern: a pattern, repeated; depth first. */
export class QuantifiedExpand implements Operator {
  readonly name = "Repeat(Trail)";
  readonly children: readonly Operator[];
  readonly #source: Operator;
  readonly #inner: Operator;
  readonly #places: QuantifiedPlaces;
  readonly #taken: Taken;
  readonly #bounds: { readonly min: number; readonly max: number; readonly isReversed: boolean };

  constructor(
    source: Operator,
    inner: Operator,
    places: QuantifiedPlaces,
    taken: Taken,
    bounds: { readonly min: number; readonly max: number; readonly isReversed: boolean },
  ) {
    this.#source = source;
    this.#inner = inner;
    this.children = [source, inner];
    this.#places = places;
    this.#taken = taken;
    this.#bounds = bounds;
  }

  open(ctx: RunContext, argument: Row): Rows {
    const { min, max } = this.#bounds;
    const places = this.#places;
    const rows = this.#source.open(ctx, argument);
    let row: Row | undefined;
    /** The repetitions on the way, and the rows that may follow each. */
    let walked: Row[] = [];
    let open: Rows[] = [];
    const enter = (node: NodeRef): void => {
      if (walked.length >= max) {
        open.push(noRows);
        return;
      }
      const start = row!.slice();
      start[places.innerFrom] = node;
      open.push(this.#inner.open(ctx, start));
    };
    return {
      next: () => {
        for (;;) {
          if (ctx.isSliceOver()) return pause;
          const top = open.at(-1);
          if (top === undefined) {
            const given = rows.next();
            if (given === undefined || given === pause) return given;
            const start = nodeAt(given, places.from);
            if (start === undefined || (places.isInto && nodeAt(given, places.to) === undefined)) continue;
            row = given;
            walked = [];
            open = [];
            enter(start);
            if (min === 0) {
              const made = this.#made(row, walked, start);
              if (made !== undefined) return made;
            }
            continue;
          }
          const inner = top.next();
          if (inner === pause) return pause;
          if (inner === undefined) {
            open.pop();
            walked.pop();
            continue;
          }
          if (!this.#isNew(inner, walked, row!)) continue;
          walked.push(inner);
          const node = inner[places.innerTo] as NodeRef;
          enter(node);
          if (walked.length < min) continue;
          const made = this.#made(row!, walked, node);
          if (made !== undefined) return made;
        }
      },
    };
  }

  /** No relationship comes twice, in this walk or in the rest of the match. */
  #isNew(inner: Row, walked: readonly Row[], row: Row): boolean {
    const { innerRels } = this.#places;
    for (const slot of innerRels) {
      const rel = inner[slot] as RelRef;
      for (const other of this.#taken.rels) if ((row[other] as RelRef | null)?.id === rel.id) return false;
      for (const list of this.#taken.lists)
        if ((row[list] as readonly RelRef[] | null)?.some(({ id }) => id === rel.id) === true) return false;
      for (const before of walked)
        for (const other of innerRels) if ((before[other] as RelRef).id === rel.id) return false;
    }
    return true;
  }

  #made(row: Row, walked: readonly Row[], node: NodeRef): Row | undefined {
    const { to, isInto, rels, innerRels, groups } = this.#places;
    if (isInto && (row[to] as NodeRef).id !== node.id) return undefined;
    const order = this.#bounds.isReversed ? walked.toReversed() : walked;
    const made = row.slice();
    if (!isInto) made[to] = node;
    made[rels] = order.flatMap((repetition) => innerRels.map((slot) => repetition[slot] as RelRef));
    for (const [inner, list] of groups) made[list] = order.map((repetition) => repetition[inner] ?? null);
    return made;
  }
}
