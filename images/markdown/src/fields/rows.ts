import type { Fields } from "./fields.ts";
import { type FieldKind, fieldValueOf } from "./value.ts";

/** One row of the table `fields`. */
export interface FieldRow {
  /** `status`; of a map inside, `address.city`. */
  readonly name: string;
  readonly kind: FieldKind;
  readonly value: string | number;
  /** 1 for a scalar and for the first element of a list: what the field is sorted by. */
  readonly first: 0 | 1;
}

/** What can be filtered and sorted by: each scalar, each element of a list once, in maps by dotted names. */
export function fieldRowsOf(fields: Fields): FieldRow[] {
  const rows = new Map<string, FieldRow>();
  const sorted = new Set<string>();
  const add = (name: string, value: unknown) => {
    if (Array.isArray(value)) {
      for (const element of value) add(name, element);
      return;
    }
    if (typeof value === "object" && value !== null) {
      for (const [member, inner] of Object.entries(value)) add(`${name}.${member}`, inner);
      return;
    }
    const indexed = fieldValueOf(value);
    if (indexed === undefined) return;
    const key = JSON.stringify([name, indexed.kind, indexed.value]);
    if (!rows.has(key)) rows.set(key, { name, ...indexed, first: sorted.has(name) ? 0 : 1 });
    sorted.add(name);
  };
  for (const [name, value] of Object.entries(fields)) add(name, value);
  return [...rows.values()];
}
