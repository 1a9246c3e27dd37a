import { project } from "../expressions/project.ts";
import { readItem } from "../storage/item-rows.ts";
import { checkKey, checkNestedPaths } from "../tables/check-keys.ts";
import { itemTable } from "../tables/find-table.ts";
import { type GetItemInput, members, type PreparedGet, prepare } from "../validation/get-item.ts";
import { CapacityMeter, readUnits } from "./capacity.ts";
import { operation } from "./operation.ts";

export const getItem = operation<GetItemInput, PreparedGet>({
  name: "GetItem",
  members,
  action: "read",
  tables: ({ input }) => [input.TableName],
  prepare,
  run({ catalog, reads }, { input, projection }) {
    return reads.read((db) => {
      const table = itemTable(catalog, input.TableName);
      checkKey(table, input.Key);
      if (projection !== undefined) checkNestedPaths(table, projection.paths);
      const found = readItem(db, table, table.keyOf(input.Key));
      const mode = input.ReturnConsumedCapacity;
      let capacity = "";
      if (mode !== undefined && mode !== "NONE") {
        const meter = new CapacityMeter(table);
        meter.add(readUnits(found?.size ?? 0, input.ConsistentRead === true));
        capacity = `"ConsumedCapacity":${JSON.stringify(meter.result(mode))}`;
      }
      if (found === undefined) return `{${capacity}}`;
      const item =
        projection === undefined ? found.text : JSON.stringify(project(found.item, projection.tree));
      return `{"Item":${item}${capacity === "" ? "" : ","}${capacity}}`;
    });
  },
});
