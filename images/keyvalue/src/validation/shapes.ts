import type {
  AttributeValueShape,
  BooleanShape,
  ListShape,
  MapShape,
  NumberShape,
  Shape,
  StringShape,
  StructureShape,
} from "../protocol/shape.ts";

/** Shapes that several operations have. */

export const namePattern = "[a-zA-Z0-9_.-]+";

export const string: StringShape = { type: "string" };
export const boolean: BooleanShape = { type: "boolean" };
export const attributeValue: AttributeValueShape = { type: "attributeValue" };

/** The table of an operation on items. */
export const tableName: StringShape = {
  type: "string",
  required: true,
  isTable: true,
  pattern: namePattern,
  min: 3,
  max: 255,
};

export const indexName: StringShape = { type: "string", pattern: namePattern, min: 3, max: 255 };

export const attributes: MapShape = { type: "map", of: attributeValue, className: "AttributeValue" };
export const expressionAttributeValues: MapShape = { ...attributes, isNamedWhenDeep: true };
export const requiredAttributes: MapShape = { ...attributes, required: true };

export const returnConsumedCapacity: StringShape = { type: "string", enum: ["INDEXES", "TOTAL", "NONE"] };
export const returnItemCollectionMetrics: StringShape = { type: "string", enum: ["SIZE", "NONE"] };

/** AWS writes UPDATED_NEW wrongly in this message. */
export const returnValues: StringShape = {
  type: "string",
  enum: ["ALL_OLD", "UPDATED_OLD", "ALL_NEW", "UPDATED_NEW", "NONE"],
  enumFault:
    "Failed to satisfy constraint: Member must satisfy enum value set: [ALL_OLD, UPDATED_OLD, ALL_NEW, UPDATE_NEW, NONE]",
};

export const returnValuesOnConditionCheckFailure: StringShape = {
  type: "string",
  enum: ["ALL_OLD", "NONE"],
};

export const conditionalOperator: StringShape = { type: "string", enum: ["OR", "AND"] };

export const comparisonOperator: StringShape = {
  type: "string",
  enum: [
    "IN",
    "NULL",
    "BETWEEN",
    "LT",
    "NOT_CONTAINS",
    "EQ",
    "GT",
    "NOT_NULL",
    "NE",
    "LE",
    "BEGINS_WITH",
    "GE",
    "CONTAINS",
  ],
};

const attributeValueList: ListShape = { type: "list", of: attributeValue };

export const expected: MapShape = {
  type: "map",
  className: "ExpectedAttributeValue",
  of: {
    type: "structure",
    className: "ExpectedAttributeValue",
    members: {
      AttributeValueList: attributeValueList,
      ComparisonOperator: comparisonOperator,
      Exists: boolean,
      Value: { type: "attributeValue", isField: true },
    },
  },
};

/** Of the parameters `KeyConditions`, `QueryFilter` and `ScanFilter`. */
export const conditions: MapShape = {
  type: "map",
  className: "Condition",
  of: {
    type: "structure",
    className: "Condition",
    members: {
      ComparisonOperator: { ...comparisonOperator, required: true },
      AttributeValueList: attributeValueList,
    },
  },
};

export const expressionAttributeNames: MapShape = {
  type: "map",
  of: string,
  className: "java.lang.String",
};

export const attributesToGet: ListShape = { type: "list", of: string, min: 1, max: 255 };

export const select: StringShape = {
  type: "string",
  enum: ["SPECIFIC_ATTRIBUTES", "COUNT", "ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES"],
};

export const pageLimit: NumberShape = { type: "Integer", min: 1, isToldShort: true };

export function listOf(of: Shape, more: Partial<ListShape> = {}): ListShape {
  return { type: "list", of, ...more };
}

export function structure(
  className: string,
  members: Readonly<Record<string, Shape>>,
  more: Partial<StructureShape> = {},
): StructureShape {
  return { type: "structure", className, members, ...more };
}
