import type { TransactionWork } from "@weftkit/store";
import { isList, type Value } from "../values/types.ts";
import type { SchemaRule } from "./schema.ts";

/** The table of a full-text index: FTS5, one column for each property, the entity's number as rowid. */
export function fullTextTable(rule: Pick<SchemaRule, "id">): string {
  return `full_text_${rule.id}`;
}

function textOfValue(value: Value): string | null {
  if (typeof value === "string") return value;
  if (isList(value)) return value.filter((item) => typeof item === "string").join("\n") || null;
  return null;
}

/** Keeps full-text indexes as their nodes and relationships change. */
export class FullTextWriter {
  update(
    work: TransactionWork,
    rule: SchemaRule,
    entity: number,
    before: readonly Value[] | undefined,
    after: readonly Value[] | undefined,
  ): void {
    const old = before?.map(textOfValue) ?? [];
    const now = after?.map(textOfValue) ?? [];
    if (old.length === now.length && old.every((text, i) => text === now[i])) return;
    const table = fullTextTable(rule);
    if (old.some((text) => text !== null)) work.change(`DELETE FROM ${table} WHERE rowid = ?`, [entity]);
    if (now.some((text) => text !== null)) {
      const places = rule.properties.map(() => "?").join(", ");
      const columns = rule.properties.map((_, i) => `c${i}`).join(", ");
      work.change(`INSERT INTO ${table}(rowid, ${columns}) VALUES (?, ${places})`, [entity, ...now]);
    }
  }
}
