import { limitExceeded, resourceNotFound } from "../errors.ts";
import {
  members,
  type PreparedTags,
  prepare,
  type TagResourceInput,
  tagsMax,
} from "../validation/tag-resource.ts";
import { changeCatalog } from "./change-catalog.ts";
import { operation } from "./operation.ts";

export const tagResource = operation<TagResourceInput, PreparedTags>({
  name: "TagResource",
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
      const added = Object.fromEntries(input.Tags.map(({ Key, Value }) => [Key, Value]));
      const tags = { ...table.definition.tags, ...added };
      if (Object.keys(tags).length > tagsMax)
        throw limitExceeded(`One or more parameter values were invalid: Too many tags: at most ${tagsMax}`);
      catalog.replace(db, table, { ...table.definition, tags });
    });
    return "";
  },
});
