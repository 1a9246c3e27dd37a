import type { Database } from "@weftkit/store";
import Type from "typebox";
import type { Sort } from "../fields/sort.ts";
import { invalidSort } from "../problems.ts";
import type { Collection } from "../storage/collections.ts";
import { isFieldName } from "../storage/list-documents.ts";

/** The order of documents, with what it is when nobody says. */
export const sortParameter = (otherwise: string) =>
  Type.Optional(
    Type.String({
      maxLength: 256,
      description: `\`id\`, \`meta.title\`, \`meta.createdAt\`, \`meta.updatedAt\`, or a field; \`-\` before it for descending. Documents without the field come last. Default: ${otherwise}.`,
    }),
  );

/**
 * A name that no document has as a field is a mistake in writing it, unless there are no documents.
 *
 * @throws Problem `invalid-sort`
 */
export function requireSortable(
  db: Database,
  collections: readonly Collection[],
  { name, column }: Sort,
): void {
  if (column !== undefined || collections.every(({ documents }) => documents === 0)) return;
  if (collections.some(({ row }) => isFieldName(db, row, name))) return;
  const where = collections.map((collection) => collection.name).join(", ");
  throw invalidSort(`no document of ${where} has a field ${name} to sort by`);
}
