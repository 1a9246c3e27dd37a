import { invalidParameter, limitExceeded, validation } from "../errors.ts";
import type { Members, Shape } from "../protocol/shape.ts";
import type {
  AttributeDefinition,
  KeySchemaElement,
  OnDemandThroughput,
  Projection,
  StreamViewType,
  Throughput,
} from "../tables/definition.ts";
import { absentInCreateTable, requireNoAbsentMembers } from "./absent-members.ts";
import { boolean, indexName, listOf, namePattern, string, structure } from "./shapes.ts";
import type { TagInput } from "./tag-resource.ts";

export interface IndexInput {
  readonly IndexName: string;
  readonly KeySchema: readonly KeySchemaElement[];
  readonly Projection: Partial<Projection>;
  readonly ProvisionedThroughput?: Throughput;
  readonly OnDemandThroughput?: OnDemandThroughput;
}

export interface StreamSpecification {
  readonly StreamEnabled: boolean;
  readonly StreamViewType?: StreamViewType;
}

export interface SseSpecification {
  readonly Enabled?: boolean;
  readonly SSEType?: "AES256" | "KMS";
  readonly KMSMasterKeyId?: string;
}

export interface WarmThroughput {
  readonly ReadUnitsPerSecond?: number;
  readonly WriteUnitsPerSecond?: number;
}

export interface CreateTableInput {
  readonly TableName: string;
  readonly AttributeDefinitions: readonly AttributeDefinition[];
  readonly KeySchema: readonly KeySchemaElement[];
  readonly LocalSecondaryIndexes?: readonly IndexInput[];
  readonly GlobalSecondaryIndexes?: readonly IndexInput[];
  readonly BillingMode?: "PROVISIONED" | "PAY_PER_REQUEST";
  readonly ProvisionedThroughput?: Throughput;
  readonly OnDemandThroughput?: OnDemandThroughput;
  readonly WarmThroughput?: WarmThroughput;
  readonly StreamSpecification?: StreamSpecification;
  readonly SSESpecification?: SseSpecification;
  readonly Tags?: readonly TagInput[];
  readonly TableClass?: "STANDARD" | "STANDARD_INFREQUENT_ACCESS";
  readonly DeletionProtectionEnabled?: boolean;
  readonly ResourcePolicy?: string;
}

export const keySchema: Shape = listOf(
  structure("KeySchemaElement", {
    AttributeName: { type: "string", required: true, min: 1, max: 255 },
    KeyType: { type: "string", required: true, enum: ["HASH", "RANGE"] },
  }),
  { required: true, min: 1, max: 2 },
);

/** Global indexes can have up to four attributes of each kind. */
export const indexKeySchema: Shape = { ...keySchema, max: 8 } as Shape;

const units: Shape = { type: "Long", required: true, min: 1 };

export const provisionedThroughput: Shape = structure(
  "ProvisionedThroughput",
  { WriteCapacityUnits: units, ReadCapacityUnits: units },
  { isField: true },
);

export const onDemandThroughput: Shape = structure(
  "OnDemandThroughput",
  { MaxReadRequestUnits: { type: "Long" }, MaxWriteRequestUnits: { type: "Long" } },
  { isField: true },
);

export const warmThroughput: Shape = structure(
  "WarmThroughput",
  { ReadUnitsPerSecond: { type: "Long", min: 1 }, WriteUnitsPerSecond: { type: "Long", min: 1 } },
  { isField: true },
);

export const projection: Shape = structure(
  "Projection",
  {
    ProjectionType: { type: "string", enum: ["ALL", "INCLUDE", "KEYS_ONLY"] },
    NonKeyAttributes: listOf({ type: "string", min: 1, max: 255 }, { min: 1, max: 20 }),
  },
  { isField: true, required: true },
);

export const attributeDefinitions = listOf(
  structure("AttributeDefinition", {
    AttributeName: { type: "string", required: true, min: 1, max: 255 },
    AttributeType: { type: "string", required: true, enum: ["B", "N", "S"] },
  }),
);

export const billingMode: Shape = { type: "string", enum: ["PROVISIONED", "PAY_PER_REQUEST"] };
export const tableClass: Shape = { type: "string", enum: ["STANDARD", "STANDARD_INFREQUENT_ACCESS"] };

export const streamSpecification: Shape = structure(
  "StreamSpecification",
  {
    StreamEnabled: { type: "boolean", required: true },
    StreamViewType: {
      type: "string",
      enum: ["NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES", "KEYS_ONLY"],
    },
  },
  { isField: true },
);

export const sseSpecification: Shape = structure(
  "SSESpecification",
  { Enabled: boolean, SSEType: { type: "string", enum: ["AES256", "KMS"] }, KMSMasterKeyId: string },
  { isField: true },
);

export const localIndexes: Shape = listOf(
  structure("LocalSecondaryIndex", {
    IndexName: { ...indexName, required: true },
    KeySchema: keySchema,
    Projection: projection,
  }),
);

export const globalIndexes: Shape = listOf(
  structure("GlobalSecondaryIndex", {
    IndexName: { ...indexName, required: true },
    KeySchema: indexKeySchema,
    Projection: projection,
    ProvisionedThroughput: provisionedThroughput,
    OnDemandThroughput: onDemandThroughput,
    WarmThroughput: warmThroughput,
  }),
);

export const members: Members = {
  AttributeDefinitions: { ...attributeDefinitions, required: true },
  TableName: { type: "string", pattern: namePattern, min: 3, max: 255 },
  BillingMode: billingMode,
  ProvisionedThroughput: provisionedThroughput,
  KeySchema: keySchema,
  LocalSecondaryIndexes: localIndexes,
  GlobalSecondaryIndexes: globalIndexes,
  StreamSpecification: streamSpecification,
  SSESpecification: sseSpecification,
  Tags: listOf(
    structure("Tag", {
      Key: { type: "string", required: true, min: 1, max: 128 },
      Value: { type: "string", required: true, min: 0, max: 256 },
    }),
  ),
  TableClass: tableClass,
  DeletionProtectionEnabled: boolean,
  OnDemandThroughput: onDemandThroughput,
  WarmThroughput: warmThroughput,
  ResourcePolicy: string,
  ...absentInCreateTable,
};

const unitsMax = 1_000_000_000_000;
const localIndexesMax = 5;
const globalIndexesMax = 20;
/** In all indexes of a table together. */
const projectedAttributesMax = 100;

export function requireTableName(name: string | undefined): void {
  if (name === undefined)
    throw validation("The parameter 'TableName' is required but was not present in the request");
}

export function prepare(input: CreateTableInput): CreateTableInput {
  requireTableName(input.TableName);
  requireNoAbsentMembers(input);
  if (input.ResourcePolicy !== undefined)
    throw validation("ResourcePolicy is not supported by this endpoint: rights come from users and roles");
  const { BillingMode: mode = "PROVISIONED", ProvisionedThroughput: throughput } = input;
  if (mode === "PAY_PER_REQUEST" && throughput !== undefined) {
    throw invalidParameter(
      "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST",
    );
  }
  if (mode === "PROVISIONED" && throughput === undefined) {
    throw invalidParameter(
      "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED",
    );
  }
  checkThroughput(throughput);
  checkTableKeys(input);
  const names = new Set<string>();
  checkLocalIndexes(input, names);
  checkGlobalIndexes(input, names);
  const projected = [...(input.LocalSecondaryIndexes ?? []), ...(input.GlobalSecondaryIndexes ?? [])];
  checkProjectedCount(projected.map(({ Projection }) => Projection));
  requireAllDefinitionsUsed(input);
  checkStream(input.StreamSpecification);
  return input;
}

export function checkProjectedCount(projections: readonly Partial<Projection>[]): void {
  const count = projections.reduce((sum, { NonKeyAttributes: names = [] }) => sum + names.length, 0);
  if (count > projectedAttributesMax) {
    throw invalidParameter(
      `Number of NonKeyAttributes in all indexes exceeds the limit of ${projectedAttributesMax}`,
    );
  }
}

export function checkThroughput(throughput: Throughput | undefined): void {
  if (throughput === undefined) return;
  for (const name of ["ReadCapacityUnits", "WriteCapacityUnits"] as const) {
    if (throughput[name] > unitsMax)
      throw validation(`Given value ${throughput[name]} for ${name} is out of bounds`);
  }
}

export function checkStream(stream: StreamSpecification | undefined): void {
  if (stream === undefined) return;
  if (stream.StreamEnabled && stream.StreamViewType === undefined)
    throw invalidParameter("StreamViewType must be specified when StreamEnabled is true");
  if (!stream.StreamEnabled && stream.StreamViewType !== undefined)
    throw invalidParameter("StreamViewType can be specified only when StreamEnabled is true");
}

function checkTableKeys({ KeySchema: schema, AttributeDefinitions: definitions }: CreateTableInput): void {
  const defined = definitions.map(({ AttributeName }) => AttributeName);
  const names = schema.map(({ AttributeName }) => AttributeName);
  if (names.length > defined.length)
    throw validation("Invalid KeySchema: Some index key attribute have no definition");
  const duplicate = defined.find((name, index) => defined.indexOf(name) !== index);
  if (duplicate !== undefined) throw validation("Cannot have two attributes with the same name");
  requireDefined(names, defined);
  requireHashAndRange(schema);
}

export function requireDefined(names: readonly string[], defined: readonly string[]): void {
  if (names.every((name) => defined.includes(name))) return;
  throw invalidParameter(
    `Some index key attributes are not defined in AttributeDefinitions. Keys: [${names.join(", ")}], AttributeDefinitions: [${defined.join(", ")}]`,
  );
}

function requireHashAndRange(schema: readonly KeySchemaElement[]): void {
  const [first, second] = schema;
  if (second !== undefined && first!.AttributeName === second.AttributeName)
    throw validation("Both the Hash Key and the Range Key element in the KeySchema have the same name");
  if (first!.KeyType !== "HASH")
    throw validation("Invalid KeySchema: The first KeySchemaElement is not a HASH key type");
  if (second !== undefined && second.KeyType !== "RANGE")
    throw validation("Invalid KeySchema: The second KeySchemaElement is not a RANGE key type");
}

/** Up to four of each kind, HASH first. */
export function checkGlobalKeys(schema: readonly KeySchemaElement[]): void {
  if (schema.length <= 2 && !(schema.length === 2 && schema[1]!.KeyType === "HASH")) {
    requireHashAndRange(schema);
    return;
  }
  const hashes = schema.filter(({ KeyType }) => KeyType === "HASH").length;
  if (schema[0]!.KeyType !== "HASH")
    throw validation("Invalid KeySchema: The first KeySchemaElement is not a HASH key type");
  if (schema.some(({ KeyType }, index) => (KeyType === "HASH") !== index < hashes))
    throw validation("Invalid KeySchema: HASH key elements must come before RANGE key elements");
  if (hashes > 4 || schema.length - hashes > 4)
    throw validation("Invalid KeySchema: An index can have at most 4 HASH and 4 RANGE key elements");
  const names = new Set(schema.map(({ AttributeName }) => AttributeName));
  if (names.size !== schema.length)
    throw validation("Invalid KeySchema: Key elements must have different names");
}

export function checkProjection({
  ProjectionType: type,
  NonKeyAttributes: names,
}: Partial<Projection>): void {
  if (type === undefined) throw invalidParameter("Unknown ProjectionType: null");
  if (names !== undefined && type !== "INCLUDE")
    throw invalidParameter(`ProjectionType is ${type}, but NonKeyAttributes is specified`);
  if (names === undefined && type === "INCLUDE")
    throw invalidParameter("ProjectionType is INCLUDE, but NonKeyAttributes is not specified");
}

function checkLocalIndexes(input: CreateTableInput, names: Set<string>): void {
  const { LocalSecondaryIndexes: indexes, KeySchema: schema, AttributeDefinitions: definitions } = input;
  if (indexes === undefined) return;
  if (indexes.length === 0) throw invalidParameter("List of LocalSecondaryIndexes is empty");
  if (schema.length !== 2) {
    throw invalidParameter(
      "Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex",
    );
  }
  const hash = schema[0]!.AttributeName;
  const defined = definitions.map(({ AttributeName }) => AttributeName);
  for (const { IndexName: name, KeySchema: keys, Projection: projected } of indexes) {
    requireDefined(
      keys.map(({ AttributeName }) => AttributeName),
      defined,
    );
    requireHashAndRange(keys);
    if (keys.length !== 2)
      throw invalidParameter(`Index KeySchema does not have a range key for index: ${name}`);
    const own = keys[0]!.AttributeName;
    if (own !== hash) {
      throw invalidParameter(
        `Index KeySchema does not have the same leading hash key as table KeySchema for index: ${name}. index hash key: ${own}, table hash key: ${hash}`,
      );
    }
    checkProjection(projected);
    requireNewName(name, names);
  }
  if (indexes.length > localIndexesMax) {
    throw invalidParameter(`Number of LocalSecondaryIndexes exceeds per-table limit of ${localIndexesMax}`);
  }
}

function checkGlobalIndexes(input: CreateTableInput, names: Set<string>): void {
  const { GlobalSecondaryIndexes: indexes, AttributeDefinitions: definitions } = input;
  if (indexes === undefined) return;
  if (indexes.length === 0) throw invalidParameter("List of GlobalSecondaryIndexes is empty");
  const defined = definitions.map(({ AttributeName }) => AttributeName);
  for (const index of indexes) {
    checkGlobalIndex(index, defined, input.BillingMode ?? "PROVISIONED");
    requireNewName(index.IndexName, names);
  }
  if (indexes.length > globalIndexesMax)
    throw invalidParameter(`GlobalSecondaryIndex count exceeds the per-table limit of ${globalIndexesMax}`);
}

/** Checks an index of a new table, or one that is added. */
export function checkGlobalIndex(
  { IndexName: name, KeySchema: keys, Projection: projected, ProvisionedThroughput: throughput }: IndexInput,
  defined: readonly string[],
  mode: "PROVISIONED" | "PAY_PER_REQUEST",
): void {
  requireDefined(
    keys.map(({ AttributeName }) => AttributeName),
    defined,
  );
  checkGlobalKeys(keys);
  checkProjection(projected);
  if (mode === "PAY_PER_REQUEST" && throughput !== undefined) {
    throw invalidParameter(
      `ProvisionedThroughput should not be specified for index: ${name} when BillingMode is PAY_PER_REQUEST`,
    );
  }
  if (mode === "PROVISIONED" && throughput === undefined)
    throw invalidParameter(`ProvisionedThroughput must be specified for index: ${name}`);
  checkThroughput(throughput);
}

function requireNewName(name: string, names: Set<string>): void {
  if (names.has(name)) throw invalidParameter(`Duplicate index name: ${name}`);
  names.add(name);
}

export function requireAllDefinitionsUsed(input: CreateTableInput): void {
  const all = [input, ...(input.LocalSecondaryIndexes ?? []), ...(input.GlobalSecondaryIndexes ?? [])];
  const used = new Set(all.flatMap(({ KeySchema }) => KeySchema.map(({ AttributeName }) => AttributeName)));
  if (input.AttributeDefinitions.every(({ AttributeName }) => used.has(AttributeName))) return;
  if (all.length === 1) {
    throw invalidParameter(
      "Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions",
    );
  }
  throw invalidParameter(
    `Some AttributeDefinitions are not used. AttributeDefinitions: [${input.AttributeDefinitions.map(({ AttributeName }) => AttributeName).join(", ")}], keys used: [${[...used].join(", ")}]`,
  );
}

export function checkGlobalCount(count: number): void {
  if (count > globalIndexesMax)
    throw limitExceeded(`GlobalSecondaryIndex count exceeds the per-table limit of ${globalIndexesMax}`);
}
