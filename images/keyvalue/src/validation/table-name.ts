import type { Members } from "../protocol/shape.ts";
import { namePattern } from "./shapes.ts";

export interface TableNameInput {
  readonly TableName: string;
}

/** Operations that need nothing but a table. */
export const members: Members = {
  TableName: { type: "string", required: true, isTable: true, pattern: namePattern, min: 3, max: 255 },
};
