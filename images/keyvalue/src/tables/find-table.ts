import { noSuchResource, noSuchTable } from "../errors.ts";
import type { Catalog } from "./catalog.ts";
import type { Table } from "./table.ts";

/** The table of an operation on items. */
export function itemTable(catalog: Catalog, name: string): Table {
  const table = catalog.get(name);
  if (table === undefined) throw noSuchResource();
  return table;
}

/** The table of an operation on tables. */
export function namedTable(catalog: Catalog, name: string): Table {
  const table = catalog.get(name);
  if (table === undefined) throw noSuchTable(name);
  return table;
}
