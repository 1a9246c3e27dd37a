import { randomUUID } from "node:crypto";
import { limitExceeded, resourceInUse } from "../errors.ts";
import { recordDefinition } from "../streams/change-log.ts";
import type { IndexDefinition, TableDefinition } from "../tables/definition.ts";
import { describe } from "../tables/describe.ts";
import { type CreateTableInput, type IndexInput, members, prepare } from "../validation/create-table.ts";
import { changeCatalog } from "./change-catalog.ts";
import { operation } from "./operation.ts";

/** AWS's quota, which is also what keeps a client from filling the catalog. */
export const tablesMax = 10_000;

export const noThroughput = { ReadCapacityUnits: 0, WriteCapacityUnits: 0 };

export const createTable = operation<CreateTableInput, CreateTableInput>({
  name: "CreateTable",
  members,
  action: "schema",
  tables: ({ TableName }) => [TableName],
  prepare,
  run(services, input, { nowMs, region }) {
    const { catalog, streams } = services;
    return changeCatalog(services, (db) => {
      if (catalog.get(input.TableName) !== undefined)
        throw resourceInUse(`Table already exists: ${input.TableName}`);
      if (catalog.size >= tablesMax)
        throw limitExceeded(`Too many tables: at most ${tablesMax} are possible`);
      let table = catalog.create(db, definitionOf(input, nowMs));
      const { StreamSpecification: stream } = input;
      if (stream?.StreamEnabled === true) {
        const enabled = streams.enable(db, table, stream.StreamViewType!, nowMs);
        table = catalog.replace(db, table, { ...table.definition, stream: enabled });
      }
      recordDefinition(db, input.TableName, "CreateTable", input);
      return { TableDescription: describe(table, region, "CREATING") };
    });
  },
});

function definitionOf(input: CreateTableInput, nowMs: number): TableDefinition {
  const { LocalSecondaryIndexes: local = [], GlobalSecondaryIndexes: global = [] } = input;
  const sse = input.SSESpecification;
  const indexes = [
    ...local.map((index, at) => indexOf(index, "local", at + 1)),
    ...global.map((index, at) => indexOf(index, "global", local.length + at + 1)),
  ];
  return {
    name: input.TableName,
    id: randomUUID(),
    createdAtMs: nowMs,
    attributes: input.AttributeDefinitions,
    keySchema: input.KeySchema,
    indexes,
    nextNumber: indexes.length + 1,
    billingMode: input.BillingMode ?? "PROVISIONED",
    throughput: input.ProvisionedThroughput ?? noThroughput,
    onDemandThroughput: input.OnDemandThroughput,
    warmThroughput: input.WarmThroughput,
    deletionProtection: input.DeletionProtectionEnabled ?? false,
    tableClass: input.TableClass,
    encryption:
      sse?.Enabled === true ? { type: sse.SSEType ?? "KMS", ...keyOf(sse.KMSMasterKeyId) } : undefined,
    tags: Object.fromEntries((input.Tags ?? []).map(({ Key, Value }) => [Key, Value])),
  };
}

export function keyOf(key: string | undefined): { key?: string } {
  return key === undefined ? {} : { key };
}

export function indexOf(
  { IndexName, KeySchema, Projection, ProvisionedThroughput, OnDemandThroughput }: IndexInput,
  kind: "global" | "local",
  number: number,
  state: IndexDefinition["state"] = "active",
): IndexDefinition {
  return {
    name: IndexName,
    kind,
    number,
    keySchema: KeySchema,
    projection: { ...Projection, ProjectionType: Projection.ProjectionType! },
    throughput: ProvisionedThroughput,
    onDemandThroughput: OnDemandThroughput,
    state,
  };
}
