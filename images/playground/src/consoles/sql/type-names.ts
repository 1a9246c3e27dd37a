import pg from "pg";

const names: ReadonlyMap<number, string> = new Map(
  Object.entries(pg.types.builtins).map(([name, oid]) => [oid as number, name.toLowerCase()]),
);

/** The name of a type of PostgreSQL's own; others go by their number. */
export function typeName(oid: number): string {
  return names.get(oid) ?? `type ${oid}`;
}
