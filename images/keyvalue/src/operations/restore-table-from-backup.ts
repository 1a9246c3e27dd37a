import { randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { readBackupArn, requireBackup } from "../backups/backup-arn.ts";
import type { Backup } from "../backups/backup-rows.ts";
import { invalidParameter, limitExceeded, resourceError } from "../errors.ts";
import { recordDefinition } from "../streams/change-log.ts";
import type { IndexDefinition, TableDefinition } from "../tables/definition.ts";
import { describe } from "../tables/describe.ts";
import { prepareRestore, type RestoreTableFromBackupInput, restoreMembers } from "../validation/backups.ts";
import type { IndexInput } from "../validation/create-table.ts";
import { changeCatalog } from "./change-catalog.ts";
import { keyOf, noThroughput, tablesMax } from "./create-table.ts";
import { operation } from "./operation.ts";

export const restoreTableFromBackup = operation<RestoreTableFromBackupInput, RestoreTableFromBackupInput>({
  name: "RestoreTableFromBackup",
  members: restoreMembers,
  action: "schema",
  tables: ({ TargetTableName, BackupArn }) => [TargetTableName, readBackupArn(BackupArn).tableName],
  prepare: prepareRestore,
  async run(services, input, { region, nowMs }) {
    const { catalog, background } = services;
    const answer = await changeCatalog(services, (db) => {
      const { TargetTableName: name, BackupArn } = input;
      const backup = requireBackup(db, BackupArn);
      if (catalog.get(name) !== undefined)
        throw resourceError("TableAlreadyExistsException", `Table already exists: ${name}`);
      if (backup.state === "creating")
        throw resourceError("BackupInUseException", `Backup is being created: ${BackupArn}`);
      if (catalog.size >= tablesMax)
        throw limitExceeded(`Too many tables: at most ${tablesMax} are possible`);
      const definition = restoredDefinition(backup, input, nowMs);
      const table = catalog.create(db, definition);
      recordDefinition(db, name, "CreateTable", creation(definition));
      return { TableDescription: describe(table, region, "CREATING") };
    });
    background.wake();
    return answer;
  },
});

/** As on AWS, without the stream, the time to live, the tags and the protection of the table that was backed up. */
function restoredDefinition(
  { number, id, definition }: Backup,
  input: RestoreTableFromBackupInput,
  nowMs: number,
): TableDefinition {
  const mode = input.BillingModeOverride ?? definition.billingMode;
  const throughput = input.ProvisionedThroughputOverride ?? definition.throughput;
  const sse = input.SSESpecificationOverride;
  const indexes = [
    ...chosen(definition.indexes, "local", input.LocalSecondaryIndexOverride),
    ...chosen(definition.indexes, "global", input.GlobalSecondaryIndexOverride),
  ].map((index, at) => ({ ...index, number: at + 1, state: "active" as const }));
  const keys = [definition.keySchema, ...indexes.map(({ keySchema }) => keySchema)].flat();
  return {
    name: input.TargetTableName,
    id: randomUUID(),
    createdAtMs: nowMs,
    attributes: definition.attributes.filter((attribute) =>
      keys.some(({ AttributeName }) => AttributeName === attribute.AttributeName),
    ),
    keySchema: definition.keySchema,
    indexes,
    nextNumber: indexes.length + 1,
    billingMode: mode,
    throughput: mode === "PAY_PER_REQUEST" ? noThroughput : throughput,
    onDemandThroughput: input.OnDemandThroughputOverride ?? definition.onDemandThroughput,
    deletionProtection: false,
    tableClass: definition.tableClass,
    encryption:
      sse === undefined
        ? definition.encryption
        : sse.Enabled === true
          ? { type: sse.SSEType ?? "KMS", ...keyOf(sse.KMSMasterKeyId) }
          : undefined,
    tags: {},
    restore: { backup: number, id, tableName: definition.name, atMs: nowMs, filledTo: "" },
  };
}

/** The indexes of the backup that are wanted: all, unless some are named. Others cannot be added. */
function chosen(
  indexes: readonly IndexDefinition[],
  kind: IndexDefinition["kind"],
  wanted: readonly IndexInput[] | undefined,
): readonly IndexDefinition[] {
  const there = indexes.filter((index) => index.kind === kind);
  if (wanted === undefined) return there;
  return wanted.map(({ IndexName, KeySchema, Projection, ProvisionedThroughput }) => {
    const index = there.find(({ name }) => name === IndexName);
    const isSame =
      index !== undefined &&
      isDeepStrictEqual(index.keySchema, KeySchema) &&
      isDeepStrictEqual(index.projection, Projection);
    if (!isSame) throw invalidParameter(`The ${kind} secondary index ${IndexName} is not one of the backup`);
    return { ...index, throughput: ProvisionedThroughput ?? index.throughput };
  });
}

/** The request that makes such a table, for those who follow all changes: its items come after it. */
function creation({
  name,
  attributes,
  keySchema,
  indexes,
  billingMode,
  throughput,
}: TableDefinition): object {
  const of = (wanted: IndexDefinition["kind"]) =>
    indexes
      .filter(({ kind }) => kind === wanted)
      .map((index) => ({
        IndexName: index.name,
        KeySchema: index.keySchema,
        Projection: index.projection,
        ...(billingMode === "PROVISIONED" &&
          wanted === "global" && { ProvisionedThroughput: index.throughput ?? throughput }),
      }));
  const [local, global] = [of("local"), of("global")];
  return {
    TableName: name,
    AttributeDefinitions: attributes,
    KeySchema: keySchema,
    ...(local.length > 0 && { LocalSecondaryIndexes: local }),
    ...(global.length > 0 && { GlobalSecondaryIndexes: global }),
    BillingMode: billingMode,
    ...(billingMode === "PROVISIONED" && { ProvisionedThroughput: throughput }),
  };
}
