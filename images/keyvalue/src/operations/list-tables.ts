import { type ListTablesInput, members } from "../validation/list-tables.ts";
import { asItIs, operation } from "./operation.ts";

const limitDefault = 100;

export const listTables = operation<ListTablesInput, ListTablesInput>({
  name: "ListTables",
  members,
  action: "read",
  prepare: asItIs,
  run({ catalog }, { Limit: limit = limitDefault, ExclusiveStartTableName: start }, { user }) {
    const names = catalog
      .names()
      .filter((name) => (start === undefined || name > start) && user.can("read", name));
    const page = names.slice(0, limit);
    return {
      TableNames: page,
      ...(names.length > limit && { LastEvaluatedTableName: page.at(-1) }),
    };
  },
});
