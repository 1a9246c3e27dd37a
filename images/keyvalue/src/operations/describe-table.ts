import { describe } from "../tables/describe.ts";
import { namedTable } from "../tables/find-table.ts";
import { members, type TableNameInput } from "../validation/table-name.ts";
import { asItIs, operation } from "./operation.ts";

export const describeTable = operation<TableNameInput, TableNameInput>({
  name: "DescribeTable",
  members,
  action: "read",
  tables: ({ TableName }) => [TableName],
  prepare: asItIs,
  run({ catalog }, { TableName: name }, { region }) {
    return { Table: describe(namedTable(catalog, name), region) };
  },
});
