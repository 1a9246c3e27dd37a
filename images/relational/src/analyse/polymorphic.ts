import { oid } from "../types/oids.ts";

/** Pseudo-types that stand for the type of the arguments; the second family lets arguments be converted to a common one. */
const simple: ReadonlySet<number> = new Set([
  oid.anyelement,
  oid.anyarray,
  oid.anynonarray,
  oid.anyenum,
  oid.anyrange,
  oid.anymultirange,
]);
const compatible: ReadonlySet<number> = new Set([
  oid.anycompatible,
  oid.anycompatiblearray,
  oid.anycompatiblenonarray,
  oid.anycompatiblerange,
  oid.anycompatiblemultirange,
]);

export function isPolymorphic(typeOid: number): boolean {
  return simple.has(typeOid) || compatible.has(typeOid);
}

export function isCompatibleFamily(typeOid: number): boolean {
  return compatible.has(typeOid);
}
