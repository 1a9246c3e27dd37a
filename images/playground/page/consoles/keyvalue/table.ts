import type { Json } from "../../../src/api.ts";

/** A key of a table or of an index. */
export interface Key {
  readonly partition: string;
  readonly sort: string | undefined;
}

/** What is known of a table. */
export interface Table {
  readonly name: string;
  readonly key: Key;
  /** By attribute: `S`, `N` or `B`. */
  readonly types: Readonly<Record<string, string>>;
  readonly indexes: Readonly<Record<string, Key>>;
  readonly itemCount: number;
}

interface KeySchema {
  readonly AttributeName: string;
  readonly KeyType: "HASH" | "RANGE";
}

/** Reads the answer of DescribeTable. */
export function tableOf(answer: Json): Table {
  const { Table: described } = answer as unknown as {
    Table: {
      TableName: string;
      KeySchema: KeySchema[];
      AttributeDefinitions: { AttributeName: string; AttributeType: string }[];
      ItemCount?: number;
      GlobalSecondaryIndexes?: { IndexName: string; KeySchema: KeySchema[] }[];
      LocalSecondaryIndexes?: { IndexName: string; KeySchema: KeySchema[] }[];
    };
  };
  const indexes = [...(described.GlobalSecondaryIndexes ?? []), ...(described.LocalSecondaryIndexes ?? [])];
  return {
    name: described.TableName,
    key: keyOf(described.KeySchema),
    types: Object.fromEntries(
      described.AttributeDefinitions.map(({ AttributeName, AttributeType }) => [
        AttributeName,
        AttributeType,
      ]),
    ),
    indexes: Object.fromEntries(indexes.map(({ IndexName, KeySchema }) => [IndexName, keyOf(KeySchema)])),
    itemCount: described.ItemCount ?? 0,
  };
}

function keyOf(schema: readonly KeySchema[]): Key {
  const name = (type: KeySchema["KeyType"]) => schema.find(({ KeyType }) => KeyType === type)?.AttributeName;
  return { partition: name("HASH")!, sort: name("RANGE") };
}
