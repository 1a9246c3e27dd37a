import type { Members } from "../protocol/shape.ts";
import { structure, tableName } from "./shapes.ts";

export interface TableNameInput {
  readonly TableName: string;
}

export const members: Members = { TableName: tableName };

export interface UpdateContinuousBackupsInput extends TableNameInput {
  readonly PointInTimeRecoverySpecification: {
    readonly PointInTimeRecoveryEnabled: boolean;
    readonly RecoveryPeriodInDays?: number;
  };
}

export const updateMembers: Members = {
  TableName: tableName,
  PointInTimeRecoverySpecification: structure(
    "PointInTimeRecoverySpecification",
    {
      PointInTimeRecoveryEnabled: { type: "boolean", required: true },
      RecoveryPeriodInDays: { type: "Integer", min: 1, max: 35 },
    },
    { isField: true, required: true },
  ),
};
