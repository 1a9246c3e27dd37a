import { PgError } from "../errors.ts";
import type { Ddl } from "./context.ts";

/** @throws PgError 42P07 */
export function checkNameFree(ddl: Ddl, namespace: number, name: string): void {
  if (ddl.catalog.relationByName(namespace, name) !== undefined)
    throw new PgError("42P07", `relation "${name}" already exists`);
}

/** As makeObjectName: parts are cut so that the whole fits into 63 bytes. */
export function objectName(first: string, second: string | undefined, label: string): string {
  const overhead = label.length + 1 + (second === undefined ? 0 : 1);
  let one = Buffer.byteLength(first);
  let two = second === undefined ? 0 : Buffer.byteLength(second);
  while (one + two > 63 - overhead) {
    if (one > two) one--;
    else two--;
  }
  const cut = (text: string, length: number) => {
    let result = text;
    while (Buffer.byteLength(result) > length) result = [...result].slice(0, -1).join("");
    return result;
  };
  return [cut(first, one), second === undefined ? undefined : cut(second, two), label]
    .filter((part) => part !== undefined)
    .join("_");
}

/** A name for a relation that nobody gave one: the first that is free. */
export function freeRelationName(
  ddl: Ddl,
  namespace: number,
  first: string,
  second: string | undefined,
  label: string,
): string {
  for (let pass = 0; ; pass++) {
    const name = objectName(first, second, pass === 0 ? label : `${label}${pass}`);
    const isTaken =
      ddl.catalog.relationByName(namespace, name) !== undefined ||
      [...ddl.catalog.all("constraint")].some((c) => c.name === name && c.namespace === namespace);
    if (!isTaken) return name;
  }
}

export function freeConstraintName(
  ddl: Ddl,
  relation: number,
  namespace: number,
  first: string,
  second: string | undefined,
  label: string,
): string {
  for (let pass = 0; ; pass++) {
    const name = objectName(first, second, pass === 0 ? label : `${label}${pass}`);
    const isTaken = [...ddl.catalog.all("constraint")].some(
      (c) => c.name === name && (c.relation === relation || (c.namespace === namespace && c.relation !== 0)),
    );
    if (!isTaken) return name;
  }
}
