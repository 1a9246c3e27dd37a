import { plainNames } from "../analyse/pattern-analyser.ts";
import { freeVariables } from "../analyse/walk.ts";
import { Apply, Argument, Filter, Project } from "../operators/basic.ts";
import { Expand, ProjectChain, ProjectEnds, type Step, type Taken, VarExpand } from "../operators/expand.ts";
import { QuantifiedExpand, ShortestPath } from "../operators/paths.ts";
import { AllNodesScan, LabelScan, RelationshipScan } from "../operators/scans.ts";
import { type PathChoice, SelectPaths } from "../operators/select-paths.ts";
import type { Expr, PathPattern, QuantifiedPattern, RelPattern } from "../parse/ast.ts";
import { isTrue, type Operator, type Row, type RunContext } from "../runtime/context.ts";
import type { Schema } from "../storage/schema.ts";
import type { RelRef } from "../values/types.ts";
import { type Access, bestAccess, type EntityAccess } from "./access.ts";
import { ExpressionCompiler } from "./expression-compiler.ts";
import type { Names } from "./frame.ts";
import { compileLabels } from "./labels.ts";
import { pathOf } from "./path-value.ts";
import {
  type Edge,
  type NamedPath,
  type PatternGraph,
  PatternGraphBuilder,
  propertyConditions,
  type Vertex,
} from "./pattern-graph.ts";

/** What a condition needs, and whether it is in the plan already. */
interface Pending {
  readonly expression: Expr;
  readonly needs: ReadonlySet<string>;
  isDone: boolean;
}

/** A MATCH while it is planned. */
interface Matching {
  readonly graph: PatternGraph;
  readonly pending: readonly Pending[];
  readonly bound: Set<string>;
  readonly taken: { rels: number[]; lists: number[] };
  plan: Operator;
}

const unboundedMax = Number.POSITIVE_INFINITY;

/** Plans of patterns: where to start, and in which order to follow the relationships. */
export abstract class PatternPlanner extends ExpressionCompiler {
  protected abstract readonly schema: Schema;

  protected patternPlan(
    pattern: PathPattern,
    where: Expr | undefined,
    names: Names,
  ): { plan: Operator; names: Names } {
    return this.match(new Argument(), [pattern], where, names);
  }

  /** All ways in which patterns are found, on top of the rows of `source`. */
  match(
    source: Operator,
    patterns: readonly PathPattern[],
    where: Expr | undefined,
    names: Names,
  ): { plan: Operator; names: Names } {
    const chosen = patterns.filter(
      ({ selector }) => selector?.kind === "shortest" || selector?.kind === "any",
    );
    if (chosen.length > 0) return this.#matchChosen(source, patterns, chosen, where, names);
    const graph = new PatternGraphBuilder(this.frame, names).build(patterns, where);
    const everything = new Set(graph.names.entries.map(([name]) => name));
    const matching: Matching = {
      graph,
      pending: graph.conditions.map((expression) => {
        const needs = freeVariables(expression);
        return { expression, needs: needs.has("*") ? everything : needs, isDone: false };
      }),
      bound: new Set(names.entries.map(([name]) => name)),
      taken: { rels: [], lists: [] },
      plan: source,
    };
    this.#requireBound(matching);
    this.#applyConditions(matching);
    while (this.#nextStep(matching)) this.#applyConditions(matching);
    for (const path of graph.paths) this.#bindPath(matching, path);
    this.#applyConditions(matching);
    return { plan: matching.plan, names: graph.names };
  }

  #applyConditions(matching: Matching): void {
    for (const pending of matching.pending) {
      if (pending.isDone || ![...pending.needs].every((name) => matching.bound.has(name))) continue;
      pending.isDone = true;
      const { plan, names } = this.withLoops(matching.plan, [pending.expression], matching.graph.names);
      matching.plan = new Filter(plan, this.condition(pending.expression, names));
    }
  }

  /** A node that is known, and stands alone in the pattern, matches unless it is null. */
  #requireBound(matching: Matching): void {
    const { vertices, edges } = matching.graph;
    for (const vertex of vertices) {
      if (!vertex.isBound || edges.some(({ from, to }) => from === vertex || to === vertex)) continue;
      const { slot } = vertex;
      matching.plan = new Filter(matching.plan, (row) => row[slot] !== null);
    }
  }

  #bindPath(matching: Matching, { slot, name, start, edges }: NamedPath): void {
    if (matching.bound.has(name)) return;
    const parts = edges.map(({ slot: place }) => place);
    matching.plan = new Project(matching.plan, [{ slot, evaluate: (row) => pathOf(row, start.slot, parts) }]);
    matching.bound.add(name);
  }

  /** Adds one more part of the pattern to the plan; false when all is there. */
  #nextStep(matching: Matching): boolean {
    const open = matching.graph.edges.filter((edge) => !edge.isDone);
    const connected = open.filter(
      (edge) =>
        edge.isKnown ||
        (edge.selector === undefined
          ? edge.from.isBound || edge.to.isBound
          : edge.from.isBound && edge.to.isBound),
    );
    if (connected.length > 0) {
      this.#follow(matching, cheapest(connected, edgeCost));
      return true;
    }
    const starts = matching.graph.vertices.filter((vertex) => !vertex.isBound);
    if (starts.length === 0) return false;
    this.#start(matching, starts, open);
    return true;
  }

  #start(matching: Matching, vertices: readonly Vertex[], edges: readonly Edge[]): void {
    const { bound, pending, graph } = matching;
    const conditions = pending.map(({ expression }) => expression);
    const access = (name: string, labels: readonly string[], entity: EntityAccess): Access | undefined =>
      bestAccess({
        name,
        labels,
        entity,
        conditions,
        bound,
        schema: this.schema,
        compile: (part) => this.compile(part, graph.names),
      });
    const ways: { readonly cost: number; readonly apply: () => void }[] = [];
    for (const vertex of vertices) {
      const found = access(vertex.name, vertex.labels, "NODE");
      const [label] = vertex.labels;
      const cost = found?.cost ?? (label === undefined ? 20 : hasEquality(conditions, vertex.name) ? 8 : 10);
      ways.push({ cost, apply: () => this.#startAt(matching, vertex, found) });
    }
    for (const edge of edges) {
      const { pattern } = edge;
      if (pattern.kind !== "relationship" || pattern.length !== undefined || edge.selector !== undefined)
        continue;
      const types = plainNames(pattern.types);
      if (types === undefined) continue;
      const found = access(edge.name, types.length === 1 ? types : [], "RELATIONSHIP");
      const cost = found?.cost ?? (types.length > 0 ? 12 : 19);
      ways.push({ cost, apply: () => this.#startAtEdge(matching, edge, found, types) });
    }
    cheapest(ways, ({ cost }) => cost).apply();
  }

  #startAt(matching: Matching, vertex: Vertex, access: Access | undefined): void {
    const { slot, labels, name } = vertex;
    const [label] = labels;
    const shown = name.startsWith(" ") ? "" : name;
    if (access !== undefined) matching.plan = access.scan(matching.plan, slot);
    else if (label !== undefined)
      matching.plan = new LabelScan(matching.plan, slot, label, `${shown}:${label}`);
    else matching.plan = new AllNodesScan(matching.plan, slot, shown);
    this.#bind(matching, vertex);
  }

  #startAtEdge(matching: Matching, edge: Edge, access: Access | undefined, types: readonly string[]): void {
    matching.plan =
      access?.scan(matching.plan, edge.slot) ?? new RelationshipScan(matching.plan, edge.slot, types);
    matching.plan = new ProjectEnds(
      matching.plan,
      {
        from: edge.from.slot,
        to: edge.to.slot,
        rel: edge.slot,
        isFromKnown: edge.from.isBound,
        isInto: edge.to.isBound,
      },
      this.#step(edge, matching, false),
      copyTaken(matching.taken),
    );
    this.#finish(matching, edge, false);
  }

  #bind(matching: Matching, vertex: Vertex): void {
    vertex.isBound = true;
    matching.bound.add(vertex.name);
  }

  #finish(matching: Matching, edge: Edge, isList: boolean): void {
    edge.isDone = true;
    matching.bound.add(edge.name);
    this.#bind(matching, edge.from);
    this.#bind(matching, edge.to);
    // shortestPath finds its relationships whatever else was matched.
    if (edge.selector === undefined) (isList ? matching.taken.lists : matching.taken.rels).push(edge.slot);
  }

  /** Which relationships an edge may take, seen from its beginning or from its end. */
  #step(edge: Edge, matching: Matching, isReversed: boolean): Step {
    const pattern = edge.pattern as RelPattern;
    const { direction } = pattern;
    const side = direction === "both" ? "both" : (direction === "out") === !isReversed ? "out" : "in";
    const { names } = matching.graph;
    const types = plainNames(pattern.types);
    const tests: ((rel: RelRef, row: Row, ctx: RunContext) => boolean)[] = [];
    if (types === undefined) {
      const test = compileLabels(pattern.types!, "type", (part) => this.compile(part, names));
      tests.push((rel, row, ctx) => test([rel.type], row, ctx));
    }
    if (pattern.length !== undefined || edge.selector !== undefined) {
      const slot = this.frame.add();
      const local = names.with(" each", slot);
      for (const condition of propertyConditions(" each", pattern.properties)) {
        const evaluate = this.condition(condition, local);
        tests.push((rel, row, ctx) => {
          row[slot] = rel;
          return isTrue(evaluate(row, ctx));
        });
      }
    }
    const accepts =
      tests.length === 0
        ? undefined
        : (rel: RelRef, row: Row, ctx: RunContext) => tests.every((test) => test(rel, row, ctx));
    return { side, types: types ?? [], accepts };
  }

  #follow(matching: Matching, edge: Edge): void {
    const { pattern } = edge;
    if (pattern.kind === "quantified") {
      this.#repeat(matching, edge, pattern);
      return;
    }
    if (edge.selector !== undefined) {
      this.#shortest(matching, edge);
      return;
    }
    const isReversed = !edge.from.isBound && edge.to.isBound;
    const [from, to] = isReversed ? [edge.to, edge.from] : [edge.from, edge.to];
    const places = { from: from.slot, to: to.slot, rel: edge.slot, isInto: to.isBound || from === to };
    const taken = copyTaken(matching.taken);
    const step = this.#step(edge, matching, isReversed);
    const details = describe(edge, pattern);
    const { length } = pattern;
    if (length === undefined) {
      matching.plan = edge.isKnown
        ? new ProjectEnds(
            matching.plan,
            { ...places, isInto: to.isBound, isFromKnown: from.isBound },
            step,
            taken,
          )
        : new Expand(matching.plan, places, step, taken, details);
      this.#finish(matching, edge, false);
      return;
    }
    const bounds = { min: length.min ?? 1, max: length.max ?? unboundedMax, isReversed };
    if (edge.isKnown) {
      const forward = {
        from: edge.from.slot,
        to: edge.to.slot,
        rel: edge.slot,
        isFromKnown: edge.from.isBound,
        isInto: edge.to.isBound,
      };
      matching.plan = new ProjectChain(matching.plan, forward, this.#step(edge, matching, false), bounds);
    } else matching.plan = new VarExpand(matching.plan, places, step, taken, bounds, details);
    this.#finish(matching, edge, true);
  }

  #shortest(matching: Matching, edge: Edge): void {
    const { length } = edge.pattern as RelPattern;
    const bounds =
      length === undefined ? { min: 1, max: 1 } : { min: length.min ?? 1, max: length.max ?? unboundedMax };
    // Conditions on the path itself choose among paths, and are not looked at afterwards.
    const path = matching.graph.paths.find(({ edges }) => edges.includes(edge));
    const about = matching.pending.filter(
      ({ needs, isDone }) =>
        !isDone && (needs.has(edge.name) || (path !== undefined && needs.has(path.name))),
    );
    const ready = about.filter(({ needs }) =>
      [...needs].every((name) => matching.bound.has(name) || name === edge.name || name === path?.name),
    );
    const conditions = ready.map(({ expression }) => this.condition(expression, matching.graph.names));
    for (const pending of ready) pending.isDone = true;
    const accepts =
      conditions.length === 0
        ? undefined
        : (row: Row, ctx: RunContext) => {
            if (path !== undefined) row[path.slot] = pathOf(row, path.start.slot, [edge.slot]);
            return conditions.every((condition) => isTrue(condition(row, ctx)));
          };
    matching.plan = new ShortestPath(
      matching.plan,
      { from: edge.from.slot, to: edge.to.slot, rels: edge.slot },
      this.#step(edge, matching, false),
      { ...bounds, isAll: edge.selector === "allShortestPaths", accepts },
    );
    this.#finish(matching, edge, true);
  }

  #repeat(matching: Matching, edge: Edge, pattern: QuantifiedPattern): void {
    const isReversed = !edge.from.isBound && edge.to.isBound;
    const [from, to] = isReversed ? [edge.to, edge.from] : [edge.from, edge.to];
    const nameInner = (position: number): string => {
      const element = pattern.elements[position]!;
      return element.variable ?? ` inner ${position}`;
    };
    // Every part gets a name, so that it can be found in the inner plan.
    const elements = pattern.elements.map((element, position) => ({
      ...element,
      variable: nameInner(position),
    }));
    const groupNames = pattern.elements.map(({ variable }) => variable).filter((name) => name !== undefined);
    const outer = matching.graph.names.copy();
    const hidden = new Set(elements.map(({ variable }) => variable));
    const visible = withoutNames(outer, hidden);
    const startName = nameInner(isReversed ? elements.length - 1 : 0);
    const endName = nameInner(isReversed ? 0 : elements.length - 1);
    const startSlot = this.frame.add();
    visible.set(startName, startSlot);
    const path: PathPattern = {
      at: pattern.at,
      variable: undefined,
      selector: undefined,
      elements,
      where: undefined,
    };
    const inner = this.match(new Argument(), [path], pattern.where, visible);
    const innerRels = elements
      .filter(({ kind }) => kind === "relationship")
      .map(({ variable }) => inner.names.slot(variable)!);
    const groups = [...new Set(groupNames)].map(
      (name) => [inner.names.slot(name)!, outer.slot(name)!] as const,
    );
    matching.plan = new QuantifiedExpand(
      matching.plan,
      inner.plan,
      {
        from: from.slot,
        to: to.slot,
        isInto: to.isBound || from === to,
        rels: edge.slot,
        innerFrom: startSlot,
        innerTo: inner.names.slot(endName)!,
        innerRels,
        groups,
      },
      copyTaken(matching.taken),
      { min: pattern.min, max: pattern.max ?? unboundedMax, isReversed },
    );
    this.#finish(matching, edge, true);
    for (const name of groupNames) matching.bound.add(name);
  }

  // ---- SHORTEST and ANY --------------------------------------------------------------------------------------------

  #matchChosen(
    source: Operator,
    patterns: readonly PathPattern[],
    chosen: readonly PathPattern[],
    where: Expr | undefined,
    names: Names,
  ): { plan: Operator; names: Names } {
    const others = patterns.filter((pattern) => !chosen.includes(pattern));
    let { plan, names: known } =
      others.length === 0 ? { plan: source, names } : this.match(source, others, undefined, names);
    for (const pattern of chosen) {
      const { selector, variable } = pattern;
      if (selector?.kind !== "shortest" && selector?.kind !== "any") continue;
      const pathName = variable ?? ` path ${this.frame.add()}`;
      const simple = asShortestPath(pattern);
      const inner = this.match(
        new Argument(),
        [{ ...(simple ?? pattern), selector: simple?.selector, variable: pathName }],
        undefined,
        known,
      );
      const choice: PathChoice =
        selector.kind === "any"
          ? { count: selector.count, isGroups: false, isAny: true }
          : { count: selector.count, isGroups: selector.isGroups, isAny: false };
      const selected =
        simple === undefined ? new SelectPaths(inner.plan, inner.names.slot(pathName)!, choice) : inner.plan;
      plan = new Apply(plan, selected);
      known = inner.names;
    }
    if (where !== undefined) plan = new Filter(plan, this.condition(where, known));
    return { plan, names: known };
  }
}

/** `SHORTEST 1 (a)-[:R]->+(b)` is what shortestPath does, as long as its ends differ. */
function asShortestPath(_pattern: PathPattern): PathPattern | undefined {
  return undefined;
}

function withoutNames(names: Names, hidden: ReadonlySet<string>): Names {
  const left = names.copy();
  for (const [name] of names.entries) if (hidden.has(name)) left.delete(name);
  return left;
}

function copyTaken({ rels, lists }: Taken): Taken {
  return { rels: [...rels], lists: [...lists] };
}

function cheapest<T>(items: readonly T[], cost: (item: T) => number): T {
  return items.reduce((best, item) => (cost(item) < cost(best) ? item : best));
}

/** What is compared before what is found; one relationship before chains. */
function edgeCost(edge: Edge): number {
  if (edge.isKnown) return 0;
  const isInto = edge.from.isBound && edge.to.isBound;
  const { pattern } = edge;
  if (edge.selector !== undefined) return 30;
  if (pattern.kind === "quantified") return isInto ? 22 : 25;
  if (pattern.length !== undefined) return isInto ? 12 : 15;
  return isInto ? 1 : 5 - Math.min(2, (edge.from.isBound ? edge.to : edge.from).labels.length);
}

function hasEquality(conditions: readonly Expr[], name: string): boolean {
  return conditions.some(
    (condition) =>
      condition.kind === "binary" &&
      condition.operator === "=" &&
      [condition.left, condition.right].some(
        (side) => side.kind === "property" && side.object.kind === "variable" && side.object.name === name,
      ),
  );
}

function describe(edge: Edge, pattern: RelPattern): string {
  const shown = (name: string) => (name.startsWith(" ") ? "" : name);
  const types = plainNames(pattern.types) ?? [];
  const length =
    pattern.length === undefined ? "" : `*${pattern.length.min ?? ""}..${pattern.length.max ?? ""}`;
  const inner = `${shown(edge.name)}${types.length === 0 ? "" : `:${types.join("|")}`}${length}`;
  return `(${shown(edge.from.name)})${pattern.direction === "in" ? "<" : ""}-[${inner}]-${pattern.direction === "out" ? ">" : ""}(${shown(edge.to.name)})`;
}
