import { resourceNotFound } from "../errors.ts";
import {
  members,
  type PreparedUntag,
  prepare,
  type UntagResourceInput,
} from "../validation/untag-resource.ts";
import { changeCatalog } from "./change-catalog.ts";
import { operation } from "./operation.ts";

export const untagResource = operation<UntagResourceInput, PreparedUntag>({
  name: "UntagResource",
  members,
  action: "schema",
  tables: ({ tableName }) => [tableName],
  prepare,
  async run(services, { input, tableName }) {
    const { catalog } = services;
    await changeCatalog(services, (db) => {
      const table = catalog.get(tableName);
      if (table === undefined)
        throw resourceNotFound(`Requested resource not found: ResourcArn: ${input.ResourceArn} not found`);
      const kept = Object.entries(table.definition.tags).filter(([key]) => !input.TagKeys.includes(key));
      catalog.replace(db, table, { ...table.definition, tags: Object.fromEntries(kept) });
    });
    return "";
  },
});
