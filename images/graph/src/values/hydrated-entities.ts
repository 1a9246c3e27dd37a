import type { NodeRef, PathValue, RelRef, Value } from "./types.ts";

/** A node with all that belongs to it, as it is sent to clients. */
export class HydratedNode {
  readonly id: number;
  readonly elementId: string;
  readonly labels: readonly string[];
  readonly properties: ReadonlyMap<string, Value>;

  constructor(
    id: number,
    elementIdText: string,
    labels: readonly string[],
    properties: ReadonlyMap<string, Value>,
  ) {
    this.id = id;
    this.elementId = elementIdText;
    this.labels = labels;
    this.properties = properties;
  }
}

export class HydratedRel {
  readonly id: number;
  readonly elementId: string;
  readonly type: string;
  readonly start: number;
  readonly startElementId: string;
  readonly end: number;
  readonly endElementId: string;
  readonly properties: ReadonlyMap<string, Value>;

  constructor(
    rel: Pick<RelRef, "id" | "start" | "end">,
    ids: readonly [own: string, start: string, end: string],
    type: string,
    properties: ReadonlyMap<string, Value>,
  ) {
    this.id = rel.id;
    [this.elementId, this.startElementId, this.endElementId] = ids;
    this.type = type;
    this.start = rel.start;
    this.end = rel.end;
    this.properties = properties;
  }
}

export class HydratedPath {
  readonly nodes: readonly HydratedNode[];
  readonly rels: readonly HydratedRel[];

  constructor(nodes: readonly HydratedNode[], rels: readonly HydratedRel[]) {
    this.nodes = nodes;
    this.rels = rels;
  }
}

/** A value that needs the graph no more. */
export type Hydrated =
  | Exclude<Value, readonly Value[] | ReadonlyMap<string, Value> | NodeRef | RelRef | PathValue>
  | readonly Hydrated[]
  | ReadonlyMap<string, Hydrated>
  | HydratedNode
  | HydratedRel
  | HydratedPath;
