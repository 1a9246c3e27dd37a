import type { AttributeValue } from "../items/attribute-value.ts";
import type { PathNode, PathPart } from "./ast.ts";
import { ExpressionError } from "./expression-error.ts";

/** What the placeholders of a request stand for. */
export interface Bindings {
  readonly names: Readonly<Record<string, string>>;
  readonly values: Readonly<Record<string, AttributeValue>>;
}

const nothing = Object.freeze(Object.create(null)) as Record<string, never>;

export const noBindings: Bindings = { names: nothing, values: nothing };

/** Whether there is a value for this name. */
export function boundValue({ values }: Bindings, name: string): AttributeValue {
  const value = Object.hasOwn(values, name) ? values[name] : undefined;
  if (value === undefined) {
    throw new ExpressionError(
      `An expression attribute value used in expression is not defined; attribute value: ${name}`,
    );
  }
  return value;
}

/** The attribute that a part of a path names. */
export function partOf({ names }: Bindings, path: PathNode, part: PathPart): PathPart {
  if (typeof part === "number" || path.isLiteral === true || part.charCodeAt(0) !== 0x23) return part;
  const name = Object.hasOwn(names, part) ? names[part] : undefined;
  if (name === undefined) {
    throw new ExpressionError(
      `An expression attribute name used in the document path is not defined; attribute name: ${part}`,
    );
  }
  return name;
}

/** A path with the names that it means. */
export function resolvePath(bindings: Bindings, path: PathNode): readonly PathPart[] {
  return path.parts.map((part) => partOf(bindings, path, part));
}

/** As AWS shows a path in its messages. */
export function pathText(parts: readonly PathPart[]): string {
  return `[${parts.map((part) => (typeof part === "number" ? `[${part}]` : part)).join(", ")}]`;
}
