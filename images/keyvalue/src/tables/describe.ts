import { arnOf } from "@weftkit/http-aws";
import type { IndexDefinition, TableDefinition } from "./definition.ts";
import type { Index, Table } from "./table.ts";

export type TableStatus = "CREATING" | "ACTIVE" | "UPDATING" | "DELETING";

export function tableArn(region: string, name: string): string {
  return arnOf("dynamodb", region, `table/${name}`);
}

export function streamArn(region: string, name: string, label: string): string {
  return arnOf("dynamodb", region, `table/${name}/stream/${label}`);
}

/** Seconds, as AWS writes times. */
export function seconds(ms: number): number {
  return ms / 1000;
}

/** A table as `DescribeTable` shows it. */
export function describe(table: Table, region: string, status: TableStatus = statusOf(table)): object {
  const { definition, count } = table;
  const arn = tableArn(region, table.name);
  const isOnDemand = definition.billingMode === "PAY_PER_REQUEST";
  const local = table.indexes.filter(({ definition: { kind } }) => kind === "local");
  const global = table.indexes.filter(({ definition: { kind } }) => kind === "global");
  const isNew = status === "CREATING";
  return {
    AttributeDefinitions: definition.attributes,
    TableName: table.name,
    KeySchema: definition.keySchema,
    TableStatus: status,
    CreationDateTime: seconds(definition.createdAtMs),
    ProvisionedThroughput: {
      ...(definition.throughputIncreasedAtMs !== undefined && {
        LastIncreaseDateTime: seconds(definition.throughputIncreasedAtMs),
      }),
      ...(definition.throughputDecreasedAtMs !== undefined && {
        LastDecreaseDateTime: seconds(definition.throughputDecreasedAtMs),
      }),
      NumberOfDecreasesToday: 0,
      ...definition.throughput,
    },
    TableSizeBytes: Math.max(0, count.bytes),
    ItemCount: Math.max(0, count.items),
    TableArn: arn,
    TableId: definition.id,
    ...((isOnDemand || definition.billingChangedAtMs !== undefined) && {
      BillingModeSummary: {
        BillingMode: definition.billingMode,
        ...(isOnDemand && {
          LastUpdateToPayPerRequestDateTime: seconds(definition.billingChangedAtMs ?? definition.createdAtMs),
        }),
      },
    }),
    ...(local.length > 0 && { LocalSecondaryIndexes: local.map((index) => describeLocal(index, arn)) }),
    ...(global.length > 0 && {
      GlobalSecondaryIndexes: global.map((index) => describeGlobal(index, arn, isNew)),
    }),
    ...(definition.stream !== undefined && {
      StreamSpecification: { StreamEnabled: true, StreamViewType: definition.stream.viewType },
      LatestStreamLabel: definition.stream.label,
      LatestStreamArn: streamArn(region, table.name, definition.stream.label),
    }),
    ...(definition.encryption !== undefined && { SSEDescription: describeEncryption(definition, region) }),
    ...(definition.tableClass !== undefined && {
      TableClassSummary: { TableClass: definition.tableClass },
    }),
    ...(definition.restore !== undefined && { RestoreSummary: describeRestore(definition, region) }),
    ...(definition.onDemandThroughput !== undefined && {
      OnDemandThroughput: definition.onDemandThroughput,
    }),
    WarmThroughput: {
      ReadUnitsPerSecond: definition.warmThroughput?.ReadUnitsPerSecond ?? 12_000,
      WriteUnitsPerSecond: definition.warmThroughput?.WriteUnitsPerSecond ?? 4000,
      Status: isNew ? "UPDATING" : "ACTIVE",
    },
    DeletionProtectionEnabled: definition.deletionProtection,
  };
}

function describeRestore({ restore }: TableDefinition, region: string): object {
  const { tableName, id, atMs, filledTo } = restore!;
  const source = tableArn(region, tableName);
  return {
    SourceBackupArn: `${source}/backup/${id}`,
    SourceTableArn: source,
    RestoreDateTime: seconds(atMs),
    RestoreInProgress: filledTo !== undefined,
  };
}

function statusOf(table: Table): TableStatus {
  if (table.isBeingRestored) return "CREATING";
  return table.indexes.some(({ definition }) => definition.state === "creating") ? "UPDATING" : "ACTIVE";
}

function describeEncryption({ encryption }: TableDefinition, region: string): object {
  const { type, key } = encryption!;
  return {
    Status: "ENABLED",
    SSEType: type,
    ...(type === "KMS" && { KMSMasterKeyArn: key ?? arnOf("kms", region, "alias/aws/dynamodb") }),
  };
}

function describeIndex({ definition, count, name }: Index, arn: string): object {
  return {
    IndexName: name,
    KeySchema: definition.keySchema,
    Projection: definition.projection,
    IndexSizeBytes: Math.max(0, count.bytes),
    ItemCount: Math.max(0, count.items),
    IndexArn: `${arn}/index/${name}`,
  };
}

function describeLocal(index: Index, arn: string): object {
  return describeIndex(index, arn);
}

function describeGlobal(index: Index, arn: string, isNew: boolean): object {
  const { definition } = index;
  const isCreating = isNew || definition.state === "creating";
  return {
    ...describeIndex(index, arn),
    IndexStatus: isCreating ? "CREATING" : "ACTIVE",
    ...(definition.state === "creating" && { Backfilling: true }),
    ProvisionedThroughput: { NumberOfDecreasesToday: 0, ...throughputOf(definition) },
    ...(definition.onDemandThroughput !== undefined && {
      OnDemandThroughput: definition.onDemandThroughput,
    }),
    WarmThroughput: {
      ReadUnitsPerSecond: 12_000,
      WriteUnitsPerSecond: 4000,
      Status: isCreating ? "UPDATING" : "ACTIVE",
    },
  };
}

function throughputOf({ throughput }: IndexDefinition): object {
  return throughput ?? { ReadCapacityUnits: 0, WriteCapacityUnits: 0 };
}
