import { type AttributeValue, attributeOf, type Item, setAttribute } from "../items/attribute-value.ts";
import type { PathPart } from "./ast.ts";

/** What is at a path and below: names of maps, indexes of lists. */
interface Wanted {
  readonly members: Map<PathPart, Wanted>;
}

/** A list of paths as a tree, made once for a request. */
export type ProjectionTree = Wanted;

export function projectionTree(paths: readonly (readonly PathPart[])[]): ProjectionTree {
  const root: Wanted = { members: new Map() };
  for (const path of paths) {
    let node = root;
    for (const part of path) {
      let next = node.members.get(part);
      if (next === undefined) {
        next = { members: new Map() };
        node.members.set(part, next);
      }
      node = next;
    }
  }
  return root;
}

/** The parts of an item that the paths name. Members of lists come without gaps, in the list's order. */
export function project(item: Item, tree: ProjectionTree): Item {
  const projected: Item = {};
  for (const [name, wanted] of tree.members) {
    const value = attributeOf(item, name as string);
    const part = value === undefined ? undefined : projectValue(value, wanted);
    if (part !== undefined) setAttribute(projected, name as string, part);
  }
  return projected;
}

function projectValue(value: AttributeValue, wanted: Wanted): AttributeValue | undefined {
  if (wanted.members.size === 0) return value;
  if (value.M !== undefined) {
    const map: Item = {};
    let isEmpty = true;
    for (const [name, below] of wanted.members) {
      const member = typeof name === "string" ? attributeOf(value.M, name) : undefined;
      const part = member === undefined ? undefined : projectValue(member, below);
      if (part === undefined) continue;
      setAttribute(map, name as string, part);
      isEmpty = false;
    }
    return isEmpty ? undefined : { M: map };
  }
  if (value.L === undefined) return undefined;
  const list: AttributeValue[] = [];
  const indexes = [...wanted.members.keys()].filter((part) => typeof part === "number").sort((a, b) => a - b);
  for (const index of indexes) {
    const member = value.L[index];
    const part = member === undefined ? undefined : projectValue(member, wanted.members.get(index)!);
    if (part !== undefined) list.push(part);
  }
  return list.length === 0 ? undefined : { L: list };
}
