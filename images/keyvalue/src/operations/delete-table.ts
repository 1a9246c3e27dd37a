import { resourceInUse, validation } from "../errors.ts";
import { recordDefinition } from "../streams/change-log.ts";
import { describe, tableArn } from "../tables/describe.ts";
import { changeableTable } from "../tables/find-table.ts";
import { members, type TableNameInput } from "../validation/table-name.ts";
import { changeCatalog } from "./change-catalog.ts";
import { asItIs, operation } from "./operation.ts";

export const deleteTable = operation<TableNameInput, TableNameInput>({
  name: "DeleteTable",
  members,
  action: "schema",
  tables: ({ TableName }) => [TableName],
  prepare: asItIs,
  frees: () => true,
  async run(services, { TableName: name }, { region, nowMs }) {
    const { catalog, streams, background } = services;
    const answer = await changeCatalog(services, (db) => {
      const table = changeableTable(catalog, name);
      if (table.definition.deletionProtection) {
        throw validation(
          `Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first. Resource: ${tableArn(region, name)}`,
        );
      }
      if (table.definition.copiedTo !== undefined)
        throw resourceInUse(
          `Attempt to change a resource which is still in use: Table is being backed up: ${name}`,
        );
      if (table.definition.stream !== undefined) streams.disable(db, table.definition.stream, nowMs);
      catalog.delete(db, table);
      recordDefinition(db, name, "DeleteTable", { TableName: name });
      return { TableDescription: describe(table, region, "DELETING") };
    });
    background.wake();
    return answer;
  },
});
