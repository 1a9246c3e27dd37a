import { validation } from "../errors.ts";
import { segmentStart } from "../storage/key-encoding.ts";
import type { KeyRange } from "../storage/key-range.ts";
import { itemTable } from "../tables/find-table.ts";
import { members, type PreparedScan, prepare, type ScanInput } from "../validation/scan.ts";
import { operation } from "./operation.ts";
import { checkAgainstKeys, checkStartKeyOf, pageAnswer, rangeAfter, sourceOf, startOf } from "./page.ts";

export const scan = operation<ScanInput, PreparedScan>({
  name: "Scan",
  members,
  action: "read",
  tables: ({ input }) => [input.TableName],
  prepare,
  run({ catalog, reads }, prepared) {
    const { input } = prepared;
    return reads.read((db) => {
      const table = itemTable(catalog, input.TableName);
      const source = sourceOf(table, input);
      const start = input.ExclusiveStartKey;
      checkStartKeyOf(table, source, start);
      checkAgainstKeys(table, source, prepared, undefined);
      const range = segmentOf(input);
      if (start !== undefined) {
        const at = startOf(table, source, start);
        if (Buffer.compare(at, range.from) < 0 || (range.before && Buffer.compare(at, range.before) >= 0)) {
          throw validation(
            "The provided starting key is invalid: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with correct Segment. TotalSegments: " +
              `${input.TotalSegments} Segment: ${input.Segment}`,
          );
        }
      }
      const rest = rangeAfter(table, source, range, start, false);
      return pageAnswer(db, table, source, rest, input, prepared, false);
    });
  },
});

/** Keys begin with a hash of their partition, so a segment is a range of them. */
function segmentOf({ Segment: segment = 0, TotalSegments: total = 1 }: ScanInput): KeyRange {
  return { from: segmentStart(segment, total)!, before: segmentStart(segment + 1, total) };
}
