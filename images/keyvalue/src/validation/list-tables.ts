import type { Members } from "../protocol/shape.ts";
import { namePattern } from "./shapes.ts";

export interface ListTablesInput {
  readonly Limit?: number;
  readonly ExclusiveStartTableName?: string;
}

export const members: Members = {
  Limit: { type: "Integer", min: 1, max: 100 },
  ExclusiveStartTableName: { type: "string", pattern: namePattern, min: 3, max: 255 },
};
