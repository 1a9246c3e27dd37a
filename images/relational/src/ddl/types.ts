import type { Relation, TypeInfo } from "../catalog/model.ts";
import { type Ddl, newOid } from "./context.ts";
import { initialRights } from "./rights.ts";

export function baseType(
  ddl: Ddl,
  fields: Pick<TypeInfo, "oid" | "name" | "namespace" | "kind" | "category"> & Partial<TypeInfo>,
): TypeInfo {
  return {
    owner: ddl.owner,
    length: -1,
    byValue: false,
    preferred: false,
    delimiter: ",",
    relation: 0,
    element: 0,
    array: 0,
    functions: [0, 0, 0, 0, 0, 0],
    align: "d",
    storage: "x",
    baseType: 0,
    baseTypmod: -1,
    notNull: false,
    dimensions: 0,
    subscript: 0,
    collation: 0,
    ...initialRights(ddl, "T", fields.namespace),
    ...fields,
  };
}

/** OIDs of array_in and the like, which every array type has. */
const arrayFunctions = [750, 751, 2400, 2401, 0, 0];

/** A type and the type of its arrays. */
export function putType(ddl: Ddl, type: TypeInfo): TypeInfo {
  const arrayOid = newOid(ddl);
  let name = `_${type.name}`.slice(0, 63);
  while (ddl.catalog.typeByName(type.namespace, name) !== undefined) name = `_${name}`.slice(0, 63);
  const whole = { ...type, array: arrayOid };
  ddl.catalog.set("type", whole);
  ddl.catalog.set(
    "type",
    baseType(ddl, {
      oid: arrayOid,
      name,
      namespace: type.namespace,
      kind: "b",
      category: "A",
      element: type.oid,
      subscript: 6179,
      collation: type.collation,
      functions: arrayFunctions,
      align: type.align === "d" ? "d" : "i",
    }),
  );
  return whole;
}

/** The row type of a table. */
export function makeRowType(ddl: Ddl, relation: Relation): number {
  const type = baseType(ddl, {
    oid: newOid(ddl),
    name: relation.name,
    namespace: relation.namespace,
    kind: "c",
    category: "C",
    relation: relation.oid,
    functions: [2290, 2291, 2402, 2403, 0, 0],
  });
  return putType(ddl, type).oid;
}
