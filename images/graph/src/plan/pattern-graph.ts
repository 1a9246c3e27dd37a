import { patternVariables } from "../analyse/walk.ts";
import type {
  Expr,
  LabelExpr,
  NodePattern,
  PathPattern,
  QuantifiedPattern,
  RelPattern,
} from "../parse/ast.ts";
import type { Frame, Names } from "./frame.ts";
import { requiredLabels } from "./labels.ts";

/** A node of a pattern; one that is named twice is the same vertex. */
export interface Vertex {
  readonly name: string;
  readonly slot: number;
  isBound: boolean;
  /** Labels that it must have. */
  readonly labels: string[];
}

/** A relationship of a pattern, a chain of them, or a pattern that is repeated. */
export interface Edge {
  readonly name: string;
  /** Gets the relationship, or the list of them. */
  readonly slot: number;
  readonly from: Vertex;
  readonly to: Vertex;
  readonly pattern: RelPattern | QuantifiedPattern;
  readonly selector: "shortestPath" | "allShortestPaths" | undefined;
  /** Its variable has a value already. */
  readonly isKnown: boolean;
  isDone: boolean;
}

/** A path that has a name: its vertices and edges, in order. */
export interface NamedPath {
  readonly slot: number;
  readonly name: string;
  readonly start: Vertex;
  readonly edges: readonly Edge[];
}

/** The patterns of a MATCH as a graph, and what must hold in it. */
export interface PatternGraph {
  readonly vertices: readonly Vertex[];
  readonly edges: readonly Edge[];
  readonly paths: readonly NamedPath[];
  /** Conditions that must all be met. */
  readonly conditions: readonly Expr[];
  readonly names: Names;
}

/** `a AND b AND c`, one by one. */
export function conjuncts(expression: Expr | undefined): Expr[] {
  if (expression === undefined) return [];
  if (expression.kind === "binary" && expression.operator === "AND")
    return [...conjuncts(expression.left), ...conjuncts(expression.right)];
  return [expression];
}

let anonymous = 0;

function nameOf(variable: string | undefined): string {
  // A blank cannot be in front of a name that is written.
  return variable ?? ` ${++anonymous}`;
}

/** `{key: value}` of a pattern, as conditions on its variable. */
export function propertyConditions(name: string, properties: Expr | undefined): Expr[] {
  if (properties?.kind !== "map") return [];
  return properties.entries.map(({ key, value }): Expr => {
    const { at } = value;
    const object: Expr = { kind: "variable", at, name };
    return { kind: "binary", at, operator: "=", left: { kind: "property", at, object, key }, right: value };
  });
}

function labelConditions(name: string, labels: LabelExpr | undefined): Expr[] {
  if (labels === undefined) return [];
  if (labels.kind === "and")
    return [...labelConditions(name, labels.left), ...labelConditions(name, labels.right)];
  return [{ kind: "hasLabels", at: 0, operand: { kind: "variable", at: 0, name }, labels }];
}

export class PatternGraphBuilder {
  readonly #frame: Frame;
  readonly #names: Names;
  readonly #outer: Names;
  readonly #vertices = new Map<string, Vertex>();
  readonly #edges: Edge[] = [];
  readonly #paths: NamedPath[] = [];
  readonly #conditions: Expr[] = [];

  constructor(frame: Frame, names: Names) {
    this.#frame = frame;
    this.#outer = names;
    this.#names = names.copy();
  }

  build(patterns: readonly PathPattern[], where: Expr | undefined): PatternGraph {
    for (const pattern of patterns) this.#path(pattern);
    this.#conditions.push(...conjuncts(where));
    for (const condition of this.#conditions) this.#labelled(condition);
    return {
      vertices: [...this.#vertices.values()],
      edges: this.#edges,
      paths: this.#paths,
      conditions: this.#conditions,
      names: this.#names,
    };
  }

  /** Labels that WHERE asks for help to find a node as well as those in the pattern. */
  #labelled(condition: Expr): void {
    if (condition.kind !== "hasLabels" || condition.operand.kind !== "variable") return;
    this.#vertices.get(condition.operand.name)?.labels.push(...requiredLabels(condition.labels));
  }

  #slot(name: string): number {
    let slot = this.#names.slot(name);
    if (slot === undefined) {
      slot = this.#frame.add();
      this.#names.set(name, slot);
    }
    return slot;
  }

  #vertex(node: NodePattern): Vertex {
    const name = nameOf(node.variable);
    let vertex = this.#vertices.get(name);
    if (vertex === undefined) {
      const isBound = this.#outer.slot(name) !== undefined;
      vertex = { name, slot: this.#slot(name), isBound, labels: [] };
      this.#vertices.set(name, vertex);
    }
    this.#conditions.push(
      ...labelConditions(name, node.labels),
      ...propertyConditions(name, node.properties),
      ...conjuncts(node.where),
    );
    return vertex;
  }

  #path(pattern: PathPattern): void {
    const elements = withNodesBetween(pattern);
    const start = this.#vertex(elements[0] as NodePattern);
    const edges: Edge[] = [];
    let from = start;
    for (let i = 1; i < elements.length; i += 2) {
      const to = this.#vertex(elements[i + 1] as NodePattern);
      const edge = this.#edge(
        elements[i] as RelPattern | QuantifiedPattern,
        from,
        to,
        pattern.selector?.kind,
      );
      edges.push(edge);
      from = to;
    }
    if (pattern.variable !== undefined) {
      const slot = this.#slot(pattern.variable);
      this.#paths.push({ slot, name: pattern.variable, start, edges });
    }
    this.#conditions.push(...conjuncts(pattern.where));
  }

  #edge(
    element: RelPattern | QuantifiedPattern,
    from: Vertex,
    to: Vertex,
    selector: string | undefined,
  ): Edge {
    const variable = element.kind === "relationship" ? element.variable : undefined;
    const name = nameOf(variable);
    const isKnown = this.#outer.slot(name) !== undefined;
    const slot = this.#slot(name);
    const kind = selector === "shortestPath" || selector === "allShortestPaths" ? selector : undefined;
    const edge: Edge = { name, slot, from, to, pattern: element, selector: kind, isKnown, isDone: false };
    this.#edges.push(edge);
    if (element.kind === "relationship") {
      // Conditions on each relationship of a chain are looked at on the way.
      if (element.length === undefined && kind === undefined)
        this.#conditions.push(...propertyConditions(name, element.properties));
      this.#conditions.push(...conjuncts(element.where));
    } else {
      for (const inner of patternVariables({
        at: 0,
        variable: undefined,
        selector: undefined,
        where: undefined,
        elements: element.elements,
      }))
        this.#slot(inner);
    }
    return edge;
  }
}

const blank: NodePattern = {
  kind: "node",
  at: 0,
  variable: undefined,
  labels: undefined,
  properties: undefined,
  where: undefined,
};

/** Nodes without a name where a repeated pattern begins or ends a path, or meets another one. */
function withNodesBetween({
  elements,
}: PathPattern): readonly (NodePattern | RelPattern | QuantifiedPattern)[] {
  const result: (NodePattern | RelPattern | QuantifiedPattern)[] = [];
  for (const element of elements) {
    const before = result.at(-1);
    if (element.kind === "quantified" && before?.kind !== "node") result.push(blank);
    result.push(element);
  }
  if (result.at(-1)?.kind !== "node") result.push(blank);
  return result;
}
