import { namedTable } from "../tables/find-table.ts";
import { members, type TableNameInput } from "../validation/continuous-backups.ts";
import { asItIs, operation } from "./operation.ts";

/** Of every table. WKP-1 keeps the engine's history, but nothing in it is restored by itself. */
export const continuousBackups = {
  ContinuousBackupsDescription: {
    ContinuousBackupsStatus: "ENABLED",
    PointInTimeRecoveryDescription: { PointInTimeRecoveryStatus: "DISABLED" },
  },
};

export const describeContinuousBackups = operation<TableNameInput, TableNameInput>({
  name: "DescribeContinuousBackups",
  members,
  action: "read",
  tables: ({ TableName }) => [TableName],
  prepare: asItIs,
  run({ catalog }, { TableName }) {
    namedTable(catalog, TableName);
    return continuousBackups;
  },
});
