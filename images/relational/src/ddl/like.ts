import type { Relation } from "../catalog/model.ts";
import { type Ddl, newOid } from "./context.ts";
import { buildIndex } from "./indexes.ts";
import { freeRelationName } from "./names.ts";

const includesConstraints = 4;
const includesIndexes = 64;

/** LIKE ... INCLUDING CONSTRAINTS, INDEXES: copies of another table's. */
export function copyIndexes(ddl: Ddl, source: Relation, target: Relation, options: number): void {
  const attnumOf = (attnum: number): number => {
    const { name } = source.columns.find((column) => column.attnum === attnum)!;
    return target.columns.find((column) => column.name === name)!.attnum;
  };
  if ((options & includesConstraints) !== 0) {
    for (const constraint of ddl.catalog.constraintsOf(source.oid)) {
      if (constraint.type !== "c") continue;
      ddl.catalog.set("constraint", {
        ...constraint,
        oid: newOid(ddl),
        relation: target.oid,
        namespace: target.namespace,
        keys: constraint.keys.map(attnumOf),
      });
    }
  }
  if ((options & includesIndexes) === 0) return;
  for (const index of ddl.catalog.indexesOf(source.oid)) {
    const keys = index.keys.map((key) => (key.attnum === 0 ? key : { ...key, attnum: attnumOf(key.attnum) }));
    const columns = keys
      .map((key) => target.columns.find((c) => c.attnum === key.attnum)?.name ?? "expr")
      .join("_");
    const constraint = ddl.catalog
      .constraintsOf(source.oid)
      .find((c) => c.index === index.oid && c.type !== "f");
    const label = index.primary
      ? "pkey"
      : constraint === undefined
        ? "idx"
        : constraint.type === "x"
          ? "excl"
          : "key";
    const name = freeRelationName(
      ddl,
      target.namespace,
      target.name,
      index.primary ? undefined : columns,
      label,
    );
    const made = buildIndex(
      ddl,
      target,
      { ...index, relation: target.oid, keys, include: index.include.map(attnumOf) },
      name,
    );
    if (constraint !== undefined) {
      ddl.catalog.set("constraint", {
        ...constraint,
        oid: newOid(ddl),
        name,
        relation: target.oid,
        namespace: target.namespace,
        index: made,
        keys: constraint.keys.map(attnumOf),
      });
    }
  }
}
