import type * as pg from "@pgsql/types";

/** The nodes of PostgreSQL's grammar, as libpg-query gives them: an object with one member, named after the node. */
export type { pg };

type Union = pg.Node;
type Intersection<U> = (U extends unknown ? (member: U) => void : never) extends (member: infer I) => void
  ? I
  : never;

/** Any node, by the name of what it is. */
export type Node = Partial<Intersection<Union>>;

export function tagOf(node: Node): string {
  return Object.keys(node)[0] ?? "";
}

/** The text of a String node. */
export function stringOf(node: Node | undefined): string {
  return node?.String?.sval ?? "";
}

export function strings(nodes: readonly Node[] | undefined): string[] {
  return (nodes ?? []).map(stringOf);
}

/** The location of an expression's first token, in bytes; protobuf leaves 0 out. */
export function locationOf(node: Node): number | undefined {
  const body = Object.values(node)[0] as { location?: number; arg?: Node; lexpr?: Node } | undefined;
  if (body === undefined) return undefined;
  if (node.A_Indirection !== undefined && body.arg !== undefined) return locationOf(body.arg);
  if ("location" in body) return body.location! < 0 ? undefined : body.location;
  return 0;
}

/** A location that protobuf left out is 0. */
export function at(location: number | undefined): number | undefined {
  return location === undefined ? 0 : location < 0 ? undefined : location;
}
