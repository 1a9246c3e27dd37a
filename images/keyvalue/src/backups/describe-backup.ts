import type { IndexDefinition } from "../tables/definition.ts";
import { seconds, tableArn } from "../tables/describe.ts";
import { backupArn } from "./backup-arn.ts";
import type { Backup } from "./backup-rows.ts";

type BackupStatus = "CREATING" | "AVAILABLE" | "DELETED";

export function statusOf({ state }: Backup): BackupStatus {
  return state === "creating" ? "CREATING" : "AVAILABLE";
}

/** What CreateBackup answers. */
export function backupDetails(backup: Backup, region: string, status: BackupStatus): object {
  return {
    BackupArn: backupArn(region, backup),
    BackupName: backup.name,
    BackupSizeBytes: backup.bytes,
    BackupStatus: status,
    BackupType: "USER",
    BackupCreationDateTime: seconds(backup.createdAtMs),
  };
}

/** As ListBackups shows it. */
export function backupSummary(backup: Backup, region: string): object {
  return {
    TableName: backup.definition.name,
    TableId: backup.definition.id,
    TableArn: tableArn(region, backup.definition.name),
    ...backupDetails(backup, region, statusOf(backup)),
  };
}

/** As DescribeBackup shows it. */
export function backupDescription(backup: Backup, region: string, status: BackupStatus): object {
  const { definition } = backup;
  const { indexes, stream, timeToLive, encryption } = definition;
  const local = indexes.filter(({ kind }) => kind === "local");
  const global = indexes.filter(({ kind }) => kind === "global");
  return {
    BackupDetails: backupDetails(backup, region, status),
    SourceTableDetails: {
      TableName: definition.name,
      TableId: definition.id,
      TableArn: tableArn(region, definition.name),
      TableSizeBytes: backup.bytes,
      ItemCount: backup.items,
      KeySchema: definition.keySchema,
      TableCreationDateTime: seconds(definition.createdAtMs),
      ProvisionedThroughput: definition.throughput,
      ...(definition.onDemandThroughput !== undefined && {
        OnDemandThroughput: definition.onDemandThroughput,
      }),
      BillingMode: definition.billingMode,
    },
    SourceTableFeatureDetails: {
      ...(local.length > 0 && { LocalSecondaryIndexes: local.map(describeIndex) }),
      ...(global.length > 0 && {
        GlobalSecondaryIndexes: global.map((index) => ({
          ...describeIndex(index),
          ProvisionedThroughput: index.throughput ?? { ReadCapacityUnits: 0, WriteCapacityUnits: 0 },
        })),
      }),
      ...(stream !== undefined && {
        StreamDescription: { StreamEnabled: true, StreamViewType: stream.viewType },
      }),
      ...(timeToLive !== undefined && {
        TimeToLiveDescription: { TimeToLiveStatus: "ENABLED", AttributeName: timeToLive.attribute },
      }),
      ...(encryption !== undefined && { SSEDescription: { Status: "ENABLED", SSEType: encryption.type } }),
    },
  };
}

function describeIndex({ name, keySchema, projection }: IndexDefinition): object {
  return { IndexName: name, KeySchema: keySchema, Projection: projection };
}
