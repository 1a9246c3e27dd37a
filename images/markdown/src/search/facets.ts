import type { Database } from "@weftkit/store";
import { statement } from "@weftkit/store";
import type { FacetValue } from "../content.ts";
import { type FieldKind, fieldText } from "../fields/value.ts";

/** Values of one field that are answered. */
const valuesPerFacetMax = 100;

/** How often each value of some fields occurs in some documents, the most frequent first. */
export function countFacets(
  db: Database,
  names: readonly string[],
  documentRows: readonly number[],
): Record<string, FacetValue[]> {
  if (names.length === 0) return {};
  const count = statement(
    db,
    `SELECT kind, fields.value AS value, count(*) AS count FROM json_each(?) AS hits
     CROSS JOIN fields ON fields.document = hits.value AND fields.name = ?
     GROUP BY kind, fields.value ORDER BY count DESC, fields.value LIMIT ?`,
  );
  const documents = JSON.stringify(documentRows);
  const facets: [string, FacetValue[]][] = names.map((name) => {
    const rows = count.all(documents, name, valuesPerFacetMax) as {
      kind: FieldKind;
      value: string | number;
      count: number;
    }[];
    return [name, rows.map((row) => ({ value: fieldText(row.kind, row.value), count: row.count }))];
  });
  return Object.fromEntries(facets);
}
