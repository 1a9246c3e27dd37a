import type { AttributeValue } from "../items/attribute-value.ts";

/** A member of a map by name, or of a list by index. A name with `#` in front stands for one of the request's names. */
export type PathPart = string | number;

export interface PathNode {
  readonly kind: "path";
  readonly parts: readonly PathPart[];
  /** Whether names are meant as they are, also those that begin with `#`: in the parameters without expressions. */
  readonly isLiteral?: true;
}

export interface ValueNode {
  readonly kind: "value";
  /** `:name` */
  readonly name: string;
}

/** A value that is not the request's: of the parameters without expressions. */
export interface ConstantNode {
  readonly kind: "constant";
  readonly value: AttributeValue;
}

export interface FunctionNode {
  readonly kind: "function";
  readonly name: string;
  readonly args: readonly Operand[];
}

export interface ArithmeticNode {
  readonly kind: "arithmetic";
  readonly operator: "+" | "-";
  readonly left: Operand;
  readonly right: Operand;
}

export type Operand = PathNode | ValueNode | ConstantNode | FunctionNode | ArithmeticNode;

export type Comparator = "=" | "<>" | "<" | "<=" | ">" | ">=";

export type Condition =
  | { readonly kind: "and" | "or"; readonly left: Condition; readonly right: Condition }
  | { readonly kind: "not"; readonly of: Condition }
  | {
      readonly kind: "compare";
      readonly comparator: Comparator;
      readonly left: Operand;
      readonly right: Operand;
    }
  | { readonly kind: "between"; readonly value: Operand; readonly low: Operand; readonly high: Operand }
  | { readonly kind: "in"; readonly value: Operand; readonly list: readonly Operand[] }
  | FunctionNode;

/** The clauses of an update, each in the order in which it was written. */
export interface Update {
  readonly set: readonly { readonly path: PathNode; readonly value: Operand }[];
  readonly remove: readonly PathNode[];
  readonly add: readonly { readonly path: PathNode; readonly value: ValueNode | ConstantNode }[];
  readonly delete: readonly { readonly path: PathNode; readonly value: ValueNode | ConstantNode }[];
}

/** What was read of a text, with the names and values of the request that stand in it. */
export interface Parsed<Tree> {
  readonly tree: Tree;
  readonly names: ReadonlySet<string>;
  readonly values: ReadonlySet<string>;
}
