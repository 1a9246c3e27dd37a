import type { Catalog } from "../catalog/catalog.ts";
import { type Column, catalogNamespace, publicNamespace, type Relation } from "../catalog/model.ts";
import { storageIo } from "../storage/codec.ts";
import type { Row } from "../types/datum.ts";
import { firstNormalOid } from "../types/oids.ts";
import { typeOps } from "../types/registry.ts";
import { formatType } from "../types/type-text.ts";

/** What logical decoding has to know of a table to tell its rows: as it was when they were changed. */
export interface TableShape {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  /** REPLICA IDENTITY: default, nothing, full, index. */
  readonly identity: "d" | "n" | "f" | "i";
  readonly columns: readonly ShapeColumn[];
}

export interface ShapeColumn {
  readonly name: string;
  readonly attnum: number;
  readonly type: number;
  readonly typmod: number;
  /** As format_type() writes the type, without and with its modifier. */
  readonly typeName: string;
  readonly fullTypeName: string;
  /** Whether it belongs to the replica identity. */
  readonly isKey: boolean;
  readonly notNull: boolean;
  readonly isGenerated: boolean;
  /** Of a type that a user has made: the schema and name of what it is made of. */
  readonly made?: { readonly schema: string; readonly name: string };
}

/** A value in its type's text; null for NULL. */
export type Cell = string | null;

/** A table's shape with its bytes, and how rows become cells of it. */
export interface Shaping {
  readonly shape: TableShape;
  readonly bytes: Buffer;
  cells(row: Row): Cell[];
}

/** Made once for a state of the catalog. */
export function shapingOf(catalog: Catalog, relation: Relation): Shaping {
  return catalog.derive(`shape of ${relation.oid}`, () => {
    const columns = relation.columns.filter(
      ({ dropped, generated }) => dropped !== true && generated !== "v",
    );
    const shape = shapeOf(catalog, relation, columns);
    const io = storageIo(catalog);
    const outputs = columns.map(({ attnum, type }) => ({ at: attnum - 1, ops: typeOps(catalog, type) }));
    return {
      shape,
      bytes: Buffer.from(JSON.stringify(shape)),
      cells: (row) =>
        outputs.map(({ at, ops }) => {
          const value = row[at] ?? null;
          return value === null ? null : ops.output(value, io);
        }),
    };
  });
}

/** As most who read a slot have it: types in other schemas are named with them. */
const path = [catalogNamespace, publicNamespace];

function shapeOf(catalog: Catalog, relation: Relation, columns: readonly Column[]): TableShape {
  const identity = relation.replicaIdentity ?? "d";
  const keys = identityKeys(catalog, relation);
  return {
    oid: relation.oid,
    schema: catalog.get("namespace", relation.namespace)?.name ?? "",
    name: relation.name,
    identity,
    columns: columns.map((column) => ({
      name: column.name,
      attnum: column.attnum,
      type: column.type,
      typmod: column.typmod,
      typeName: formatType(catalog, column.type, -1, path),
      fullTypeName: formatType(catalog, column.type, column.typmod, path),
      isKey: identity === "f" || keys.has(column.attnum),
      notNull: column.notNull,
      isGenerated: column.generated !== undefined,
      ...madeType(catalog, column.type),
    })),
  };
}

function madeType(catalog: Catalog, oid: number): Pick<ShapeColumn, "made"> {
  if (oid < firstNormalOid) return {};
  let type = catalog.type(oid);
  while (type?.kind === "d") type = catalog.type(type.baseType);
  if (type === undefined) return {};
  const schema =
    type.namespace === catalogNamespace ? "" : (catalog.get("namespace", type.namespace)?.name ?? "");
  return { made: { schema, name: type.name } };
}

/** The index of the replica identity: the primary key's, or the one that REPLICA IDENTITY USING INDEX names. */
export function identityIndex(catalog: Catalog, relation: Relation): number | undefined {
  const { replicaIdentity = "d", replicaIdentityIndex } = relation;
  const indexes = catalog.indexesOf(relation.oid);
  if (replicaIdentity === "d") return indexes.find(({ primary }) => primary)?.oid;
  if (replicaIdentity !== "i") return undefined;
  return indexes.find(({ oid }) => oid === replicaIdentityIndex)?.oid;
}

function identityKeys(catalog: Catalog, relation: Relation): ReadonlySet<number> {
  const index = identityIndex(catalog, relation);
  const keys = index === undefined ? [] : catalog.get("index", index)!.keys;
  return new Set(keys.map(({ attnum }) => attnum));
}
