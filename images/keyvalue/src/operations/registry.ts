import { absentFeatures } from "./absent-features.ts";
import { batchExecuteStatement } from "./batch-execute-statement.ts";
import { batchGetItem } from "./batch-get-item.ts";
import { batchWriteItem } from "./batch-write-item.ts";
import { createBackup } from "./create-backup.ts";
import { createTable } from "./create-table.ts";
import { deleteBackup } from "./delete-backup.ts";
import { deleteItem } from "./delete-item.ts";
import { deleteTable } from "./delete-table.ts";
import { describeBackup } from "./describe-backup.ts";
import { describeContinuousBackups } from "./describe-continuous-backups.ts";
import { describeEndpoints } from "./describe-endpoints.ts";
import { describeLimits } from "./describe-limits.ts";
import { describeStream } from "./describe-stream.ts";
import { describeTable } from "./describe-table.ts";
import { describeTimeToLive } from "./describe-time-to-live.ts";
import { executeStatement } from "./execute-statement.ts";
import { executeTransaction } from "./execute-transaction.ts";
import { getItem } from "./get-item.ts";
import { getRecords } from "./get-records.ts";
import { getShardIterator } from "./get-shard-iterator.ts";
import { listBackups } from "./list-backups.ts";
import { listStreams } from "./list-streams.ts";
import { listTables } from "./list-tables.ts";
import { listTagsOfResource } from "./list-tags-of-resource.ts";
import type { Operation } from "./operation.ts";
import { putItem } from "./put-item.ts";
import { query } from "./query.ts";
import { restoreTableFromBackup } from "./restore-table-from-backup.ts";
import { scan } from "./scan.ts";
import { tagResource } from "./tag-resource.ts";
import { transactGetItems } from "./transact-get-items.ts";
import { transactWriteItems } from "./transact-write-items.ts";
import { untagResource } from "./untag-resource.ts";
import { updateContinuousBackups } from "./update-continuous-backups.ts";
import { updateItem } from "./update-item.ts";
import { updateTable } from "./update-table.ts";
import { updateTimeToLive } from "./update-time-to-live.ts";

const ofTables: readonly Operation[] = [
  batchExecuteStatement,
  batchGetItem,
  batchWriteItem,
  createBackup,
  createTable,
  deleteBackup,
  describeBackup,
  listBackups,
  restoreTableFromBackup,
  deleteItem,
  deleteTable,
  describeEndpoints,
  describeLimits,
  describeTable,
  describeTimeToLive,
  executeStatement,
  executeTransaction,
  getItem,
  listTables,
  listTagsOfResource,
  putItem,
  query,
  scan,
  tagResource,
  transactGetItems,
  transactWriteItems,
  untagResource,
  updateItem,
  updateContinuousBackups,
  describeContinuousBackups,
  updateTable,
  updateTimeToLive,
  ...absentFeatures,
];

const ofStreams: readonly Operation[] = [describeStream, getRecords, getShardIterator, listStreams];

/** By the value of the header `x-amz-target`. */
export const operations: ReadonlyMap<string, Operation> = new Map([
  ...ofTables.map((operation) => [`DynamoDB_20120810.${operation.name}`, operation] as const),
  ...ofStreams.map((operation) => [`DynamoDBStreams_20120810.${operation.name}`, operation] as const),
]);
