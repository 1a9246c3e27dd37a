import { validation } from "../errors.ts";
import { applyUpdate, UpdateError } from "../expressions/apply-update.ts";
import { attributeOf, type Item } from "../items/attribute-value.ts";
import { itemSize } from "../items/item-size.ts";
import { isTooDeep } from "../protocol/validate-value.ts";
import type { StoredItem } from "../storage/item-rows.ts";
import { itemOfKey, itemToStore } from "../storage/write-item.ts";
import { checkIndexKeys } from "../tables/check-keys.ts";
import type { Table } from "../tables/table.ts";
import { itemBytesMax } from "../validation/put-item.ts";
import type { PreparedUpdate } from "../validation/update-item.ts";

const tooDeep = "Nesting Levels have exceeded supported limits";
const tooLarge = "Item size to update has exceeded the maximum allowed size";

/** What an update makes of an item; checks all that must hold of the result. */
export function updated(
  table: Table,
  key: Item,
  before: StoredItem | undefined,
  { update, paths, bindings }: PreparedUpdate,
): StoredItem {
  let item: Item;
  try {
    item = applyUpdate(update, before?.item ?? itemOfKey(table, key), bindings);
  } catch (error) {
    if (error instanceof UpdateError) throw validation(error.message);
    throw error;
  }
  const names = new Set(paths.map(([name]) => name as string));
  for (const index of table.indexes) checkIndexKeys(index, item, names);
  for (const name of names) {
    const value = attributeOf(item, name);
    if (value !== undefined && isTooDeep(value)) throw validation(tooDeep);
  }
  const size = itemSize(item);
  if (size > itemBytesMax) throw validation(tooLarge);
  return itemToStore(item, size);
}
