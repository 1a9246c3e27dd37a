import { namedTable } from "../tables/find-table.ts";
import { members, type TableNameInput } from "../validation/table-name.ts";
import { asItIs, operation } from "./operation.ts";

export const describeTimeToLive = operation<TableNameInput, TableNameInput>({
  name: "DescribeTimeToLive",
  members,
  action: "read",
  tables: ({ TableName }) => [TableName],
  prepare: asItIs,
  run({ catalog }, { TableName: name }) {
    const { timeToLive } = namedTable(catalog, name).definition;
    return {
      TimeToLiveDescription:
        timeToLive === undefined
          ? { TimeToLiveStatus: "DISABLED" }
          : {
              TimeToLiveStatus: timeToLive.state === "enabled" ? "ENABLED" : "ENABLING",
              AttributeName: timeToLive.attribute,
            },
    };
  },
});
