import { otherEnd } from "../operators/expand.ts";
import type { Row } from "../runtime/context.ts";
import { isList, NodeRef, PathValue, RelRef, type Value } from "../values/types.ts";

/** The path from a node along relationships and chains of them; null where one of them is null. */
export function pathOf(row: Row, start: number, parts: readonly number[]): Value {
  const first = row[start];
  if (!(first instanceof NodeRef)) return null;
  const nodes: NodeRef[] = [first];
  const rels: RelRef[] = [];
  const add = (rel: RelRef): void => {
    rels.push(rel);
    nodes.push(new NodeRef(otherEnd(rel, nodes.at(-1)!.id)));
  };
  for (const slot of parts) {
    const part = row[slot];
    if (part instanceof RelRef) add(part);
    else if (isList(part as Value)) for (const rel of part as readonly RelRef[]) add(rel);
    else return null;
  }
  return new PathValue(nodes, rels);
}
