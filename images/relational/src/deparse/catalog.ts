import { builtinOperators, opclasses } from "../catalog/builtin.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { Constraint, Index, Relation } from "../catalog/model.ts";
import type { IoContext } from "../types/type-ops.ts";
import { quoteName } from "../types/type-text.ts";
import { stripParentheses } from "./expr.ts";
import { relationName } from "./names.ts";
import { shownExpression } from "./stored.ts";

function columnNames(relation: Relation, attnums: readonly number[]): string {
  return attnums
    .map((attnum) => quoteName(relation.columns.find((c) => c.attnum === attnum)?.name ?? "?"))
    .join(", ");
}

const actionWords: Readonly<Record<string, string>> = {
  r: "RESTRICT",
  c: "CASCADE",
  n: "SET NULL",
  d: "SET DEFAULT",
};

/** As pg_get_constraintdef() writes it. */
export function constraintDefinition(
  catalog: Catalog,
  io: IoContext,
  constraint: Constraint,
  isPretty = false,
): string {
  const relation = catalog.get("relation", constraint.relation);
  let text: string;
  switch (constraint.type) {
    case "c": {
      const shown = shownExpression(catalog, io, relation, constraint.expression ?? "", isPretty);
      text = `CHECK (${isPretty ? stripParentheses(shown) : shown})${constraint.noInherit === true ? " NO INHERIT" : ""}`;
      break;
    }
    case "n":
      text = constraint.typeOid !== 0 ? "NOT NULL" : `NOT NULL ${columnNames(relation!, constraint.keys)}`;
      break;
    case "f": {
      const foreign = constraint.foreign!;
      const other = catalog.get("relation", foreign.relation)!;
      text = `FOREIGN KEY (${columnNames(relation!, constraint.keys)}) REFERENCES ${relationName(catalog, io, other)}(${columnNames(other, foreign.keys)})`;
      if (foreign.match === "f") text += " MATCH FULL";
      if (foreign.onUpdate !== "a") text += ` ON UPDATE ${actionWords[foreign.onUpdate]}`;
      if (foreign.onDelete !== "a")
        text += ` ON DELETE ${actionWords[foreign.onDelete]}${foreign.setColumns === undefined ? "" : ` (${columnNames(relation!, foreign.setColumns)})`}`;
      break;
    }
    case "x": {
      const index = catalog.get("index", constraint.index)!;
      const elements = index.keys.map((_key, i) => {
        const operator = builtinOperators.get(constraint.exclusion!.operators[i]!)!;
        return `${indexDefinition(catalog, io, index, i + 1, isPretty)} WITH ${operator.name}`;
      });
      text = `EXCLUDE USING ${index.method} (${elements.join(", ")})`;
      if (index.include.length > 0) text += ` INCLUDE (${columnNames(relation!, index.include)})`;
      if (index.predicate !== undefined)
        text += ` WHERE (${shownExpression(catalog, io, relation, index.predicate, isPretty)})`;
      break;
    }
    default: {
      const index = catalog.get("index", constraint.index);
      const nulls = index?.nullsNotDistinct === true ? " NULLS NOT DISTINCT" : "";
      text = `${constraint.type === "p" ? "PRIMARY KEY" : "UNIQUE"}${nulls} (${columnNames(relation!, constraint.keys)})`;
      if ((index?.include.length ?? 0) > 0) text += ` INCLUDE (${columnNames(relation!, index!.include)})`;
    }
  }
  if (constraint.deferrable) text += " DEFERRABLE";
  if (constraint.deferred) text += " INITIALLY DEFERRED";
  if (constraint.enforced === false) text += " NOT ENFORCED";
  else if (!constraint.validated) text += " NOT VALID";
  return text;
}

/** As pg_get_indexdef() writes it; `position` from 1 gives one key only. */
export function indexDefinition(
  catalog: Catalog,
  io: IoContext,
  index: Index,
  position = 0,
  isPretty = false,
): string {
  const relation = catalog.get("relation", index.relation)!;
  const keys = index.keys.map((key) => {
    const column = relation.columns.find((c) => c.attnum === key.attnum);
    const expression =
      key.expression === undefined ? "" : shownExpression(catalog, io, relation, key.expression, isPretty);
    const isCall = /^[a-z_"][\w".]*\(/.test(expression) && closesAtEnd(expression);
    const base =
      column !== undefined
        ? quoteName(column.name)
        : isCall || (expression.startsWith("(") && closesAtEnd(expression))
          ? expression
          : `(${expression})`;
    if (position > 0) return base;
    const opclass = opclasses.find((o) => o.oid === key.opclass);
    const type = column?.type;
    const isDefault = opclass === undefined || opclass.isDefault || type === undefined;
    const collation =
      key.collation !== 0 && column !== undefined && key.collation !== column.collation
        ? ` COLLATE "${{ 950: "C", 951: "POSIX" }[key.collation] ?? "default"}"`
        : "";
    const direction = key.descending ? " DESC" : "";
    const nulls = key.nullsFirst === key.descending ? "" : key.nullsFirst ? " NULLS FIRST" : " NULLS LAST";
    return `${base}${collation}${isDefault ? "" : ` ${opclass.name}`}${direction}${nulls}`;
  });
  if (position > 0)
    return (
      keys[position - 1] ??
      (index.include[position - 1 - keys.length] === undefined
        ? ""
        : columnNames(relation, [index.include[position - 1 - keys.length]!]))
    );
  const name = quoteName(catalog.get("relation", index.oid)!.name);
  let text = `CREATE ${index.unique ? "UNIQUE " : ""}INDEX ${name} ON ${relation.kind === "p" ? "ONLY " : ""}${relationName(catalog, io, relation, true)} USING ${index.method} (${keys.join(", ")})`;
  if (index.include.length > 0) text += ` INCLUDE (${columnNames(relation, index.include)})`;
  if (index.nullsNotDistinct) text += " NULLS NOT DISTINCT";
  if (index.predicate !== undefined)
    text += ` WHERE ${shownExpression(catalog, io, relation, index.predicate, isPretty)}`;
  return text;
}

/** Whether the first parenthesis is closed by the last character. */
function closesAtEnd(text: string): boolean {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === "(") depth++;
    else if (text[i] === ")" && --depth === 0) return i === text.length - 1;
  }
  return false;
}
