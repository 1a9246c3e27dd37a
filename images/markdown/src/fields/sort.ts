import { invalidSort } from "../problems.ts";
import { fieldNameOf } from "./compile-filter.ts";

/** The order of a listing. */
export interface Sort {
  /** `id`, a `meta.` name or a front-matter field. */
  readonly name: string;
  readonly descending: boolean;
  /** The column of `documents` and the index order; undefined for a field. */
  readonly column: string | undefined;
}

const columns: Readonly<Record<string, string>> = {
  id: "id",
  "meta.title": "title_key",
  "meta.createdAt": "created_at",
  "meta.updatedAt": "updated_at",
};

/**
 * Reads `name` or `-name` (descending).
 *
 * @throws Problem `invalid-sort`
 */
export function parseSort(text: string): Sort {
  const descending = text.startsWith("-");
  const name = descending ? text.slice(1) : text;
  if (name === "" || name.includes(","))
    throw invalidSort("sort by one name, with a hyphen before it for descending");
  if (name.startsWith("meta.") && !Object.hasOwn(columns, name)) {
    throw invalidSort(
      `there is no order by ${name}; there are: ${Object.keys(columns).join(", ")} and your own fields`,
    );
  }
  if (!Object.hasOwn(columns, name)) return { name: fieldNameOf(name), descending, column: undefined };
  return { name, descending, column: columns[name] };
}
