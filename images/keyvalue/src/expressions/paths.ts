import type { PathNode, PathPart } from "./ast.ts";
import { type Bindings, pathText, resolvePath } from "./bindings.ts";
import { ExpressionError } from "./expression-error.ts";

/**
 * The paths with the names that they mean; none may be, or lie within, another, and what is a map for one must not be a
 * list for another.
 *
 * @throws ExpressionError
 */
export function distinctPaths(
  paths: readonly PathNode[],
  bindings: Bindings,
): readonly (readonly PathPart[])[] {
  const resolved = paths.map((path) => resolvePath(bindings, path));
  for (let later = 1; later < resolved.length; later++) {
    for (let earlier = 0; earlier < later; earlier++) requireApart(resolved[earlier]!, resolved[later]!);
  }
  return resolved;
}

function requireApart(one: readonly PathPart[], two: readonly PathPart[]): void {
  const length = Math.min(one.length, two.length);
  for (let i = 0; i < length; i++) {
    if (typeof one[i] !== typeof two[i]) throw fault("conflict", one, two);
    if (one[i] !== two[i]) return;
  }
  throw fault("overlap", one, two);
}

function fault(what: string, one: readonly PathPart[], two: readonly PathPart[]): ExpressionError {
  return new ExpressionError(
    `Two document paths ${what} with each other; must remove or rewrite one of these paths; path one: ${pathText(one)}, path two: ${pathText(two)}`,
  );
}
