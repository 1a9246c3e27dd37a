import { accessDenied } from "../errors.ts";
import {
  type ListTagsOfResourceInput,
  members,
  type PreparedListTags,
  prepare,
} from "../validation/list-tags-of-resource.ts";
import { operation } from "./operation.ts";

export const listTagsOfResource = operation<ListTagsOfResourceInput, PreparedListTags>({
  name: "ListTagsOfResource",
  members,
  action: "read",
  tables: ({ tableName }) => [tableName],
  prepare,
  run({ catalog }, { input, tableName }, { user }) {
    const table = catalog.get(tableName);
    // What AWS says of a table that is not there, too.
    if (table === undefined) throw accessDenied(user.user, "ListTagsOfResource", input.ResourceArn);
    const tags = Object.entries(table.definition.tags);
    return { Tags: tags.map(([Key, Value]) => ({ Key, Value })) };
  },
});
