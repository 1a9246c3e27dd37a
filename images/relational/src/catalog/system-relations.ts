import { informationSchemaRows } from "./data/information-schema.ts";
import { pgSystemRelationRows } from "./data/system-relations.ts";
import {
  bootstrapRole,
  type Column,
  catalogNamespace,
  defaultCollation,
  informationNamespace,
  type Relation,
} from "./model.ts";

const collatable = new Set([19, 25, 1043, 1042, 1003, 1009, 194]);

function column(text: string, index: number): Column {
  const [name = "", type = "0", notNull] = text.split(":");
  const typeOid = Number(type);
  return {
    attnum: index + 1,
    name,
    type: typeOid,
    typmod: -1,
    notNull: notNull === "1",
    collation: typeOid === 19 ? 950 : collatable.has(typeOid) ? defaultCollation : 0,
  };
}

const catalogRelations: readonly Relation[] = pgSystemRelationRows
  .split("\n")
  .filter((line) => line !== "")
  .map((line) => {
    const [oid, typeOid, kind, name = "", columns = ""] = line.split("\t");
    return {
      oid: Number(oid),
      name,
      namespace: catalogNamespace,
      kind: kind as "r" | "v",
      owner: bootstrapRole,
      typeOid: Number(typeOid),
      persistence: "p",
      columns: columns.split(" ").map(column),
      system: true,
    };
  });

/** OIDs of the views of information_schema begin here; their row types have none. */
const firstInformationOid = 13100;

const informationRelations: readonly Relation[] = informationSchemaRows
  .split("\n")
  .filter((line) => line !== "")
  .map((line, i) => {
    const [name = "", columns = ""] = line.split("\t");
    return {
      oid: firstInformationOid + i,
      name,
      namespace: informationNamespace,
      kind: "v",
      owner: bootstrapRole,
      typeOid: 0,
      persistence: "p",
      columns: columns.split(" ").map(column),
      system: true,
    };
  });

/** The tables and views of pg_catalog and information_schema; what is in them, `introspect` tells. */
export const systemRelations: readonly Relation[] = [...catalogRelations, ...informationRelations];
