import { createTable } from "./create-table.ts";
import { deleteItem } from "./delete-item.ts";
import { deleteTable } from "./delete-table.ts";
import { describeTable } from "./describe-table.ts";
import { getItem } from "./get-item.ts";
import { listTables } from "./list-tables.ts";
import type { Operation } from "./operation.ts";
import { putItem } from "./put-item.ts";
import { query } from "./query.ts";
import { scan } from "./scan.ts";
import { updateItem } from "./update-item.ts";

const all: readonly Operation[] = [
  createTable,
  deleteItem,
  deleteTable,
  describeTable,
  getItem,
  listTables,
  putItem,
  query,
  scan,
  updateItem,
];

/** By the value of the header `x-amz-target`. */
export const operations: ReadonlyMap<string, Operation> = new Map(
  all.map((operation) => [`DynamoDB_20120810.${operation.name}`, operation]),
);
