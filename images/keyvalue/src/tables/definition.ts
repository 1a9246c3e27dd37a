/** Types that a key can have. */
export type KeyType = "S" | "N" | "B";

export interface AttributeDefinition {
  readonly AttributeName: string;
  readonly AttributeType: KeyType;
}

export interface KeySchemaElement {
  readonly AttributeName: string;
  readonly KeyType: "HASH" | "RANGE";
}

export interface Projection {
  readonly ProjectionType: "ALL" | "KEYS_ONLY" | "INCLUDE";
  readonly NonKeyAttributes?: readonly string[];
}

export interface Throughput {
  readonly ReadCapacityUnits: number;
  readonly WriteCapacityUnits: number;
}

export interface OnDemandThroughput {
  readonly MaxReadRequestUnits?: number;
  readonly MaxWriteRequestUnits?: number;
}

export interface IndexDefinition {
  readonly name: string;
  readonly kind: "global" | "local";
  /** Names its table in the database; never used again. */
  readonly number: number;
  readonly keySchema: readonly KeySchemaElement[];
  readonly projection: Projection;
  readonly throughput?: Throughput | undefined;
  readonly onDemandThroughput?: OnDemandThroughput | undefined;
  /** `creating`: entries for the items that were there before are still being made. */
  readonly state: "creating" | "active";
}

export type StreamViewType = "KEYS_ONLY" | "NEW_IMAGE" | "OLD_IMAGE" | "NEW_AND_OLD_IMAGES";

export interface StreamDefinition {
  readonly number: number;
  /** The last part of its ARN: when it was enabled. */
  readonly label: string;
  readonly viewType: StreamViewType;
}

export interface TimeToLiveDefinition {
  readonly attribute: string;
  /** Names its table in the database. */
  readonly number: number;
  /** `enabling`: the expiry of the items that were there before is still being noted. */
  readonly state: "enabling" | "enabled";
}

/** Where a table's items come from. */
export interface RestoreDefinition {
  /** Its number, and the last part of its ARN. */
  readonly backup: number;
  readonly id: string;
  /** The table that was backed up. */
  readonly tableName: string;
  readonly atMs: number;
  /** While items are still missing: the key of the last that is there, in base64. */
  readonly filledTo?: string | undefined;
}

/** All that is known of a table but its items; kept as JSON. */
export interface TableDefinition {
  readonly name: string;
  readonly id: string;
  readonly createdAtMs: number;
  readonly attributes: readonly AttributeDefinition[];
  readonly keySchema: readonly KeySchemaElement[];
  readonly indexes: readonly IndexDefinition[];
  /** Of the next index, or table of expiry. */
  readonly nextNumber: number;
  readonly billingMode: "PROVISIONED" | "PAY_PER_REQUEST";
  readonly throughput: Throughput;
  readonly throughputIncreasedAtMs?: number | undefined;
  readonly throughputDecreasedAtMs?: number | undefined;
  readonly billingChangedAtMs?: number | undefined;
  readonly onDemandThroughput?: OnDemandThroughput | undefined;
  readonly warmThroughput?:
    | { readonly ReadUnitsPerSecond?: number; readonly WriteUnitsPerSecond?: number }
    | undefined;
  readonly deletionProtection: boolean;
  readonly tableClass?: "STANDARD" | "STANDARD_INFREQUENT_ACCESS" | undefined;
  readonly encryption?: { readonly type: "AES256" | "KMS"; readonly key?: string } | undefined;
  readonly stream?: StreamDefinition | undefined;
  readonly timeToLive?: TimeToLiveDefinition | undefined;
  readonly tags: Readonly<Record<string, string>>;
  /** The backup that its items are being copied to. */
  readonly copiedTo?: number | undefined;
  readonly restore?: RestoreDefinition | undefined;
}
