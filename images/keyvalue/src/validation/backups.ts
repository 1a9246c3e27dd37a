import type { Members, Shape, StringShape } from "../protocol/shape.ts";
import type { OnDemandThroughput, Throughput } from "../tables/definition.ts";
import { absentInRestore, requireNoAbsentMembers } from "./absent-members.ts";
import {
  billingMode,
  globalIndexes,
  type IndexInput,
  localIndexes,
  onDemandThroughput,
  provisionedThroughput,
  type SseSpecification,
  sseSpecification,
} from "./create-table.ts";
import { namePattern, tableName } from "./shapes.ts";

const backupArn: StringShape = { type: "string", required: true, min: 37, max: 1024 };

export interface CreateBackupInput {
  readonly TableName: string;
  readonly BackupName: string;
}

export const createMembers: Members = {
  TableName: tableName,
  BackupName: { type: "string", required: true, pattern: namePattern, min: 3, max: 255 },
};

export interface BackupArnInput {
  readonly BackupArn: string;
}

/** Of DescribeBackup and DeleteBackup. */
export const arnMembers: Members = { BackupArn: backupArn };

export interface ListBackupsInput {
  readonly TableName?: string;
  readonly Limit?: number;
  /** Seconds. */
  readonly TimeRangeLowerBound?: number;
  readonly TimeRangeUpperBound?: number;
  readonly ExclusiveStartBackupArn?: string;
  readonly BackupType?: "USER" | "SYSTEM" | "AWS_BACKUP" | "ALL";
}

const backupType: Shape = { type: "string", enum: ["USER", "SYSTEM", "AWS_BACKUP", "ALL"] };
const { required: _, ...anyTableName } = tableName;
const { required: __, ...startArn } = backupArn;

export const listMembers: Members = {
  TableName: anyTableName,
  Limit: { type: "Integer", min: 1, max: 100 },
  TimeRangeLowerBound: { type: "Timestamp" },
  TimeRangeUpperBound: { type: "Timestamp" },
  ExclusiveStartBackupArn: startArn,
  BackupType: backupType,
};

export interface RestoreTableFromBackupInput {
  readonly TargetTableName: string;
  readonly BackupArn: string;
  readonly BillingModeOverride?: "PROVISIONED" | "PAY_PER_REQUEST";
  readonly GlobalSecondaryIndexOverride?: readonly IndexInput[];
  readonly LocalSecondaryIndexOverride?: readonly IndexInput[];
  readonly ProvisionedThroughputOverride?: Throughput;
  readonly OnDemandThroughputOverride?: OnDemandThroughput;
  readonly SSESpecificationOverride?: SseSpecification;
}

export const restoreMembers: Members = {
  TargetTableName: { type: "string", required: true, pattern: namePattern, min: 3, max: 255 },
  BackupArn: backupArn,
  BillingModeOverride: billingMode,
  GlobalSecondaryIndexOverride: globalIndexes,
  LocalSecondaryIndexOverride: localIndexes,
  ProvisionedThroughputOverride: provisionedThroughput,
  OnDemandThroughputOverride: onDemandThroughput,
  SSESpecificationOverride: sseSpecification,
  ...absentInRestore,
};

export function prepareRestore(input: RestoreTableFromBackupInput): RestoreTableFromBackupInput {
  requireNoAbsentMembers(input);
  return input;
}
