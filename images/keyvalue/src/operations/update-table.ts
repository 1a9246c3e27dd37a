import { invalidParameter, resourceInUse, resourceNotFound, validation } from "../errors.ts";
import { recordDefinition } from "../streams/change-log.ts";
import type { IndexDefinition, TableDefinition, Throughput } from "../tables/definition.ts";
import { describe, tableArn } from "../tables/describe.ts";
import { changeableTable } from "../tables/find-table.ts";
import type { Table } from "../tables/table.ts";
import { checkGlobalCount, checkGlobalIndex, type IndexInput } from "../validation/create-table.ts";
import { type IndexUpdate, members, prepare, type UpdateTableInput } from "../validation/update-table.ts";
import { changeCatalog } from "./change-catalog.ts";
import { indexOf, keyOf } from "./create-table.ts";
import { operation } from "./operation.ts";

export const updateTable = operation<UpdateTableInput, UpdateTableInput>({
  name: "UpdateTable",
  members,
  action: "schema",
  tables: ({ TableName }) => [TableName],
  prepare,
  frees: ({ GlobalSecondaryIndexUpdates: updates = [] }) =>
    updates.length > 0 && updates.every(({ Delete }) => Delete !== undefined),
  async run(services, input, { region, nowMs }) {
    const { catalog, streams, background } = services;
    const answer = await changeCatalog(services, (db) => {
      const table = changeableTable(catalog, input.TableName);
      let definition = changedDefinition(table, input, nowMs, tableArn(region, table.name));
      const { StreamSpecification: wanted } = input;
      if (wanted?.StreamEnabled === true) {
        if (definition.stream !== undefined)
          throw validation(`Table already has an enabled stream: TableName: ${table.name}`);
        const stream = streams.enable(db, table, wanted.StreamViewType!, nowMs);
        definition = { ...definition, stream };
      } else if (wanted !== undefined) {
        if (definition.stream === undefined)
          throw validation(`Table is already without a stream: TableName: ${table.name}`);
        streams.disable(db, definition.stream, nowMs);
        definition = { ...definition, stream: undefined };
      }
      recordDefinition(db, input.TableName, "UpdateTable", input);
      return { TableDescription: describe(catalog.replace(db, table, definition), region, "UPDATING") };
    });
    background.wake();
    return answer;
  },
});

function changedDefinition(
  table: Table,
  input: UpdateTableInput,
  nowMs: number,
  arn: string,
): TableDefinition {
  const { definition } = table;
  const { BillingMode: mode = definition.billingMode, SSESpecification: sse } = input;
  const withIndexes = changedIndexes(table, input, mode, arn);
  const throughput =
    input.ProvisionedThroughput ??
    (mode === "PAY_PER_REQUEST" ? { ReadCapacityUnits: 0, WriteCapacityUnits: 0 } : definition.throughput);
  if (mode === "PAY_PER_REQUEST" && input.ProvisionedThroughput !== undefined) {
    throw invalidParameter(
      "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST",
    );
  }
  const isSame =
    mode === definition.billingMode &&
    input.ProvisionedThroughput !== undefined &&
    sameThroughput(throughput, definition.throughput);
  if (isSame) {
    const { ReadCapacityUnits: read, WriteCapacityUnits: write } = throughput;
    throw validation(
      `The provisioned throughput for the table will not change. The requested value equals the current value. Current ReadCapacityUnits provisioned for the table: ${read}. Requested ReadCapacityUnits: ${read}. Current WriteCapacityUnits provisioned for the table: ${write}. Requested WriteCapacityUnits: ${write}. Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits.`,
    );
  }
  return {
    ...withIndexes,
    billingMode: mode,
    throughput,
    ...throughputTimes(definition.throughput, throughput, nowMs),
    ...(mode !== definition.billingMode && { billingChangedAtMs: nowMs }),
    ...(input.TableClass !== undefined && { tableClass: input.TableClass }),
    ...(input.DeletionProtectionEnabled !== undefined && {
      deletionProtection: input.DeletionProtectionEnabled,
    }),
    ...(input.OnDemandThroughput !== undefined && { onDemandThroughput: input.OnDemandThroughput }),
    ...(input.WarmThroughput !== undefined && { warmThroughput: input.WarmThroughput }),
    ...(sse !== undefined && {
      encryption:
        sse.Enabled === true
          ? { type: sse.SSEType ?? ("KMS" as const), ...keyOf(sse.KMSMasterKeyId) }
          : undefined,
    }),
  };
}

function sameThroughput(a: Throughput, b: Throughput): boolean {
  return a.ReadCapacityUnits === b.ReadCapacityUnits && a.WriteCapacityUnits === b.WriteCapacityUnits;
}

function throughputTimes(before: Throughput, after: Throughput, nowMs: number) {
  const isMore =
    after.ReadCapacityUnits > before.ReadCapacityUnits ||
    after.WriteCapacityUnits > before.WriteCapacityUnits;
  const isLess =
    after.ReadCapacityUnits < before.ReadCapacityUnits ||
    after.WriteCapacityUnits < before.WriteCapacityUnits;
  return {
    ...(isMore && { throughputIncreasedAtMs: nowMs }),
    ...(isLess && { throughputDecreasedAtMs: nowMs }),
  };
}

function changedIndexes(
  table: Table,
  input: UpdateTableInput,
  mode: TableDefinition["billingMode"],
  arn: string,
): TableDefinition {
  let { definition } = table;
  for (const update of input.GlobalSecondaryIndexUpdates ?? [])
    definition = withIndexUpdate(definition, update, input, mode, arn);
  return definition;
}

function withIndexUpdate(
  definition: TableDefinition,
  { Create, Update, Delete }: IndexUpdate,
  input: UpdateTableInput,
  mode: TableDefinition["billingMode"],
  arn: string,
): TableDefinition {
  if (Create !== undefined) return withIndex(definition, Create, input, mode);
  const name = (Update ?? Delete)!.IndexName;
  const found = definition.indexes.find((index) => index.name === name && index.kind === "global");
  if (found === undefined) {
    throw Update === undefined
      ? resourceNotFound(`Requested resource not found: Table: ${definition.name} Index: ${name} not found`)
      : resourceNotFound(
          `Requested resource not found: Index ${name} for table ${arn.slice(arn.lastIndexOf("/") + 1)}`,
        );
  }
  if (Delete !== undefined) {
    const indexes = definition.indexes.filter((index) => index !== found);
    return { ...definition, indexes, attributes: usedAttributes(definition, indexes) };
  }
  const changed: IndexDefinition = {
    ...found,
    throughput: Update!.ProvisionedThroughput ?? found.throughput,
    onDemandThroughput: Update!.OnDemandThroughput ?? found.onDemandThroughput,
  };
  return { ...definition, indexes: definition.indexes.map((index) => (index === found ? changed : index)) };
}

function withIndex(
  definition: TableDefinition,
  create: IndexInput,
  input: UpdateTableInput,
  mode: TableDefinition["billingMode"],
): TableDefinition {
  // The request itself has to declare the attributes of the new key, also those that the table knows.
  const declared = input.AttributeDefinitions ?? [];
  checkGlobalIndex(
    create,
    declared.map(({ AttributeName }) => AttributeName),
    mode,
  );
  if (definition.indexes.some(({ name }) => name === create.IndexName))
    throw validation("Attempting to create an index which already exists");
  if (definition.indexes.some(({ state }) => state === "creating")) {
    throw resourceInUse(
      `Attempt to change a resource which is still in use: Table is being updated: ${definition.name}`,
    );
  }
  checkGlobalCount(definition.indexes.filter(({ kind }) => kind === "global").length + 1);
  for (const { AttributeName: name, AttributeType: type } of declared) {
    const known = definition.attributes.find(({ AttributeName }) => AttributeName === name);
    if (known !== undefined && known.AttributeType !== type) {
      throw invalidParameter(
        `Attributes cannot be redefined. Please check that your attribute has the same type as previously defined. Existing schema: Schema:[${definition.attributes.map((each) => `SchemaElement: key{${each.AttributeName}:${each.AttributeType}}`).join(", ")}] New schema: Schema:[SchemaElement: key{${name}:${type}}]`,
      );
    }
  }
  const added = declared.filter(
    ({ AttributeName: name }) =>
      !definition.attributes.some(({ AttributeName }) => AttributeName === name) &&
      create.KeySchema.some(({ AttributeName }) => AttributeName === name),
  );
  return {
    ...definition,
    attributes: [...definition.attributes, ...added],
    indexes: [...definition.indexes, indexOf(create, "global", definition.nextNumber, "creating")],
    nextNumber: definition.nextNumber + 1,
  };
}

/** The attributes that are still part of a key. */
function usedAttributes(
  { attributes, keySchema }: TableDefinition,
  indexes: readonly IndexDefinition[],
): TableDefinition["attributes"] {
  const schemas = [keySchema, ...indexes.map((index) => index.keySchema)];
  const used = new Set(schemas.flat().map(({ AttributeName }) => AttributeName));
  return attributes.filter(({ AttributeName }) => used.has(AttributeName));
}
