import { noSuchResource, noSuchTable, resourceInUse } from "../errors.ts";
import type { Catalog } from "./catalog.ts";
import type { Table } from "./table.ts";

/** The table of an operation on items. */
export function itemTable(catalog: Catalog, name: string): Table {
  const table = catalog.get(name);
  if (table === undefined || table.isBeingRestored) throw noSuchResource();
  return table;
}

/** The table of an operation on tables. */
export function namedTable(catalog: Catalog, name: string): Table {
  const table = catalog.get(name);
  if (table === undefined) throw noSuchTable(name);
  return table;
}

/** The table of an operation that changes tables. */
export function changeableTable(catalog: Catalog, name: string): Table {
  const table = namedTable(catalog, name);
  if (table.isBeingRestored)
    throw resourceInUse(
      `Attempt to change a resource which is still in use: Table is being created: ${name}`,
    );
  return table;
}
