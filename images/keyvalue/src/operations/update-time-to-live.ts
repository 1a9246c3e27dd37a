import { validation } from "../errors.ts";
import { recordDefinition } from "../streams/change-log.ts";
import { changeableTable } from "../tables/find-table.ts";
import { members, type UpdateTimeToLiveInput } from "../validation/update-time-to-live.ts";
import { changeCatalog } from "./change-catalog.ts";
import { asItIs, operation } from "./operation.ts";

export const updateTimeToLive = operation<UpdateTimeToLiveInput, UpdateTimeToLiveInput>({
  name: "UpdateTimeToLive",
  members,
  action: "schema",
  tables: ({ TableName }) => [TableName],
  prepare: asItIs,
  async run(services, { TableName: name, TimeToLiveSpecification: wanted }) {
    const { catalog, background } = services;
    await changeCatalog(services, (db) => {
      const request = { TableName: name, TimeToLiveSpecification: wanted };
      recordDefinition(db, name, "UpdateTimeToLive", request);
      const table = changeableTable(catalog, name);
      const { definition } = table;
      const { timeToLive } = definition;
      if (wanted.Enabled) {
        if (timeToLive !== undefined) {
          throw validation(
            timeToLive.attribute === wanted.AttributeName
              ? "TimeToLive is already enabled"
              : `TimeToLive is active on a different AttributeName: current AttributeName is ${timeToLive.attribute}`,
          );
        }
        catalog.replace(db, table, {
          ...definition,
          timeToLive: {
            attribute: wanted.AttributeName,
            number: definition.nextNumber,
            state: "enabling",
          },
          nextNumber: definition.nextNumber + 1,
        });
        return;
      }
      if (timeToLive === undefined) throw validation("TimeToLive is already disabled");
      if (timeToLive.attribute !== wanted.AttributeName) {
        throw validation(
          `TimeToLive is active on a different AttributeName: current AttributeName is ${timeToLive.attribute}`,
        );
      }
      catalog.replace(db, table, { ...definition, timeToLive: undefined });
    });
    background.wake();
    return { TimeToLiveSpecification: wanted };
  },
});
