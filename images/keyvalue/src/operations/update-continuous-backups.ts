import { resourceError } from "../errors.ts";
import { namedTable } from "../tables/find-table.ts";
import { type UpdateContinuousBackupsInput, updateMembers } from "../validation/continuous-backups.ts";
import { continuousBackups } from "./describe-continuous-backups.ts";
import { asItIs, operation } from "./operation.ts";

export const wholeEngine = "the engine is restored to a time as a whole: see `weftkit persist restore --at`";

/** Recovery to a point in time is of the engine, and is turned on by who runs it. */
export const updateContinuousBackups = operation<UpdateContinuousBackupsInput, UpdateContinuousBackupsInput>({
  name: "UpdateContinuousBackups",
  members: updateMembers,
  action: "schema",
  tables: ({ TableName }) => [TableName],
  prepare: asItIs,
  run({ catalog }, { TableName, PointInTimeRecoverySpecification: wanted }) {
    namedTable(catalog, TableName);
    if (wanted.PointInTimeRecoveryEnabled) {
      throw resourceError(
        "ContinuousBackupsUnavailableException",
        `There is no point in time recovery of single tables: ${wholeEngine}`,
      );
    }
    return continuousBackups;
  },
});
