import type { RowFilter } from "../content.ts";
import { invalidFilter } from "../problems.ts";
import type { Filter } from "./filter.ts";
import type { FieldKind, FieldValue } from "./value.ts";

/** What a document has besides its fields: its column, and the kind of value that it is compared with. */
const metaColumns: Readonly<Record<string, { column: string; kind: FieldKind }>> = {
  id: { column: "id", kind: "string" },
  "meta.title": { column: "title", kind: "string" },
  "meta.createdAt": { column: "created_at", kind: "date" },
  "meta.createdBy": { column: "created_by", kind: "string" },
  "meta.updatedAt": { column: "updated_at", kind: "date" },
  "meta.updatedBy": { column: "updated_by", kind: "string" },
  "meta.version": { column: "version", kind: "number" },
  "meta.size": { column: "size", kind: "number" },
};

/**
 * The SQL of a filter.
 *
 * @throws Problem `invalid-filter` for `meta.` names that do not exist, and for values that they cannot have.
 */
export function compileFilter(filter: Filter): RowFilter {
  switch (filter.type) {
    case "and":
    case "or": {
      const parts = filter.parts.map(compileFilter);
      return {
        condition: (row) =>
          `(${parts.map((part) => part.condition(row)).join(` ${filter.type.toUpperCase()} `)})`,
        parameters: parts.flatMap(({ parameters }) => parameters),
      };
    }
    case "not": {
      const part = compileFilter(filter.part);
      return { condition: (row) => `NOT ${part.condition(row)}`, parameters: part.parameters };
    }
    case "exists":
      if (filter.name === "meta.frontMatterError") {
        const sql = "SELECT 1 FROM documents m WHERE m.front_matter_error IS NOT NULL AND m.row = ";
        return { condition: (row) => `EXISTS (${sql}${row})`, parameters: [] };
      }
      if (metaColumnOf(filter.name) !== undefined) return { condition: () => "TRUE", parameters: [] };
      return {
        condition: (row) => `EXISTS (SELECT 1 FROM fields f WHERE f.document = ${row} AND f.name = ?)`,
        parameters: [fieldNameOf(filter.name)],
      };
    case "compare":
      return compileComparison(filter.name, filter.operator, filter.value);
  }
}

function compileComparison(name: string, operator: string, { kind, value }: FieldValue): RowFilter {
  const meta = metaColumnOf(name);
  if (meta === undefined) {
    return {
      condition: (row) =>
        `EXISTS (SELECT 1 FROM fields f WHERE f.document = ${row} AND f.name = ? AND f.kind = ? AND f.value ${operator} ?)`,
      parameters: [fieldNameOf(name), kind, value],
    };
  }
  if (meta.kind !== kind) throw invalidFilter(`${name} is compared with a ${meta.kind}, not with a ${kind}`);
  return {
    condition: (row) =>
      `EXISTS (SELECT 1 FROM documents m WHERE m.row = ${row} AND m.${meta.column} ${operator} ?)`,
    parameters: [value],
  };
}

/** `fields.id` is the field `id`, which by that name alone would be the document's. */
export function fieldNameOf(name: string): string {
  return /^fields\.(?:id|content|meta)$/.test(name) ? name.slice("fields.".length) : name;
}

function metaColumnOf(name: string) {
  if (Object.hasOwn(metaColumns, name)) return metaColumns[name];
  if (!name.startsWith("meta.")) return undefined;
  throw invalidFilter(`there is no ${name}; there are: ${Object.keys(metaColumns).join(", ")}`);
}

/** Comparisons that every document must pass: one of them, when few pass it, finds the candidates at once. */
export function requiredEqualities(filter: Filter): { name: string; value: FieldValue }[] {
  if (filter.type === "and") return filter.parts.flatMap(requiredEqualities);
  if (filter.type !== "compare" || filter.operator !== "=") return [];
  return metaColumnOf(filter.name) === undefined
    ? [{ name: fieldNameOf(filter.name), value: filter.value }]
    : [];
}
