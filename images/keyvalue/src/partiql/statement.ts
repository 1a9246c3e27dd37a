import type { Condition, PathNode, Update } from "../expressions/ast.ts";
import type { Item } from "../items/attribute-value.ts";

/** What is given of each item, and by which name. */
export interface Column {
  readonly path: PathNode;
  readonly name: string;
}

export interface Select {
  readonly kind: "select";
  readonly table: string;
  readonly index: string | undefined;
  /** Undefined is everything. */
  readonly columns: readonly Column[] | undefined;
  readonly where: Condition | undefined;
  readonly order: readonly { readonly name: string; readonly isDescending: boolean }[];
}

/** `RETURNING`. */
export interface Returning {
  readonly what: "ALL" | "MODIFIED";
  readonly when: "OLD" | "NEW";
}

export interface Insert {
  readonly kind: "insert";
  readonly table: string;
  readonly item: Item;
}

export interface UpdateStatement {
  readonly kind: "update";
  readonly table: string;
  readonly update: Update;
  readonly where: Condition | undefined;
  readonly returning: Returning | undefined;
}

export interface Delete {
  readonly kind: "delete";
  readonly table: string;
  readonly where: Condition | undefined;
  readonly returning: Returning | undefined;
}

/** A condition of a transaction. */
export interface Exists {
  readonly kind: "exists";
  readonly select: Select;
}

export type Statement = Select | Insert | UpdateStatement | Delete | Exists;

export function tableOf(statement: Statement): string {
  return statement.kind === "exists" ? statement.select.table : statement.table;
}
