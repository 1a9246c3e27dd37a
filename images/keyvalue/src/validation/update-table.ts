import { invalidParameter, limitExceeded, validation } from "../errors.ts";
import type { Members } from "../protocol/shape.ts";
import type { AttributeDefinition, OnDemandThroughput, Throughput } from "../tables/definition.ts";
import { absentInUpdateTable, requireNoAbsentMembers } from "./absent-members.ts";
import {
  attributeDefinitions,
  billingMode,
  checkStream,
  checkThroughput,
  type IndexInput,
  indexKeySchema,
  onDemandThroughput,
  projection,
  provisionedThroughput,
  type SseSpecification,
  type StreamSpecification,
  sseSpecification,
  streamSpecification,
  tableClass,
  type WarmThroughput,
  warmThroughput,
} from "./create-table.ts";
import { boolean, indexName, listOf, namePattern, structure } from "./shapes.ts";

export interface IndexUpdate {
  readonly Create?: IndexInput;
  readonly Update?: {
    readonly IndexName: string;
    readonly ProvisionedThroughput?: Throughput;
    readonly OnDemandThroughput?: OnDemandThroughput;
  };
  readonly Delete?: { readonly IndexName: string };
}

export interface UpdateTableInput {
  readonly TableName: string;
  readonly AttributeDefinitions?: readonly AttributeDefinition[];
  readonly BillingMode?: "PROVISIONED" | "PAY_PER_REQUEST";
  readonly ProvisionedThroughput?: Throughput;
  readonly GlobalSecondaryIndexUpdates?: readonly IndexUpdate[];
  readonly StreamSpecification?: StreamSpecification;
  readonly SSESpecification?: SseSpecification;
  readonly TableClass?: "STANDARD" | "STANDARD_INFREQUENT_ACCESS";
  readonly DeletionProtectionEnabled?: boolean;
  readonly OnDemandThroughput?: OnDemandThroughput;
  readonly WarmThroughput?: WarmThroughput;
  readonly ReplicaUpdates?: readonly unknown[];
}

const requiredName = { ...indexName, required: true } as const;

export const members: Members = {
  TableName: { type: "string", required: true, isTable: true, pattern: namePattern, min: 3, max: 255 },
  ProvisionedThroughput: provisionedThroughput,
  BillingMode: billingMode,
  AttributeDefinitions: attributeDefinitions,
  GlobalSecondaryIndexUpdates: listOf(
    structure("GlobalSecondaryIndexUpdate", {
      Update: structure(
        "UpdateGlobalSecondaryIndexAction",
        {
          IndexName: requiredName,
          ProvisionedThroughput: provisionedThroughput,
          OnDemandThroughput: onDemandThroughput,
          WarmThroughput: warmThroughput,
        },
        { isField: true },
      ),
      Create: structure(
        "CreateGlobalSecondaryIndexAction",
        {
          Projection: projection,
          IndexName: requiredName,
          ProvisionedThroughput: provisionedThroughput,
          KeySchema: indexKeySchema,
          OnDemandThroughput: onDemandThroughput,
          WarmThroughput: warmThroughput,
        },
        { isField: true },
      ),
      Delete: structure("DeleteGlobalSecondaryIndexAction", { IndexName: requiredName }, { isField: true }),
    }),
  ),
  StreamSpecification: streamSpecification,
  SSESpecification: sseSpecification,
  TableClass: tableClass,
  DeletionProtectionEnabled: boolean,
  OnDemandThroughput: onDemandThroughput,
  WarmThroughput: warmThroughput,
  ReplicaUpdates: listOf(structure("ReplicationGroupUpdate", {})),
  ...absentInUpdateTable,
};

export function prepare(input: UpdateTableInput): UpdateTableInput {
  const updates = input.GlobalSecondaryIndexUpdates ?? [];
  requireNoAbsentMembers(input);
  if (input.ReplicaUpdates !== undefined && input.ReplicaUpdates.length > 0)
    throw validation("Replicas in other regions are not supported by this endpoint");
  const changes = [
    input.ProvisionedThroughput,
    input.BillingMode,
    updates.length > 0 || undefined,
    input.StreamSpecification,
    input.SSESpecification,
    input.TableClass,
    input.DeletionProtectionEnabled,
    input.OnDemandThroughput,
    input.WarmThroughput,
  ];
  if (changes.every((change) => change === undefined)) {
    throw validation(
      "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates or SSESpecification or ReplicaUpdates is required",
    );
  }
  if (input.BillingMode === "PROVISIONED" && input.ProvisionedThroughput === undefined)
    throw invalidParameter("ProvisionedThroughput must be specified when BillingMode is PROVISIONED");
  if (input.BillingMode === "PAY_PER_REQUEST" && input.ProvisionedThroughput !== undefined) {
    throw invalidParameter(
      "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST",
    );
  }
  checkThroughput(input.ProvisionedThroughput);
  checkStream(input.StreamSpecification);
  checkIndexUpdates(updates);
  return input;
}

function checkIndexUpdates(updates: readonly IndexUpdate[]): void {
  const names = new Set<string>();
  let online = 0;
  for (const { Create, Update, Delete } of updates) {
    const given = [Create, Update, Delete].filter((action) => action !== undefined);
    if (given.length !== 1) {
      throw invalidParameter(
        "One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, GlobalSecondaryIndexUpdate.Delete must not be null",
      );
    }
    const name = given[0]!.IndexName;
    if (names.has(name)) {
      throw invalidParameter(
        `Only one global secondary index update per index is allowed simultaneously. Index: ${name}`,
      );
    }
    names.add(name);
    if (Update === undefined) online++;
  }
  if (online > 1) {
    throw limitExceeded(
      "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table",
    );
  }
}
