import { validation } from "../errors.ts";
import { queriedRange } from "../storage/key-range.ts";
import { itemTable } from "../tables/find-table.ts";
import { members, type PreparedQuery, prepare, type QueryInput } from "../validation/query.ts";
import { operation } from "./operation.ts";
import { checkAgainstKeys, checkStartKeyOf, pageAnswer, rangeAfter, sourceOf, startOf } from "./page.ts";

export const query = operation<QueryInput, PreparedQuery>({
  name: "Query",
  members,
  action: "read",
  tables: ({ input }) => [input.TableName],
  prepare,
  run({ catalog, reads }, prepared) {
    const { input, terms } = prepared;
    return reads.read((db) => {
      const table = itemTable(catalog, input.TableName);
      const source = sourceOf(table, input);
      const start = input.ExclusiveStartKey;
      checkStartKeyOf(table, source, start);
      const range = queriedRange(source, terms);
      if (start !== undefined) {
        const at = startOf(table, source, start);
        const isInside =
          Buffer.compare(at, range.from) >= 0 &&
          (range.before === undefined || Buffer.compare(at, range.before) < 0);
        if (!isInside) {
          throw validation(
            "The provided starting key is outside query boundaries based on provided conditions",
          );
        }
      }
      checkAgainstKeys(
        table,
        source,
        prepared,
        input.QueryFilter === undefined ? "Filter Expression" : "QueryFilter",
      );
      const isBackward = input.ScanIndexForward === false;
      const rest = rangeAfter(table, source, range, start, isBackward);
      return pageAnswer(db, table, source, rest, input, prepared, isBackward);
    });
  },
});
