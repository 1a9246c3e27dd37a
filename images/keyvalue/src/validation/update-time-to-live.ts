import type { Members } from "../protocol/shape.ts";
import { structure } from "./shapes.ts";
import { members as tableMembers } from "./table-name.ts";

export interface UpdateTimeToLiveInput {
  readonly TableName: string;
  readonly TimeToLiveSpecification: { readonly Enabled: boolean; readonly AttributeName: string };
}

export const members: Members = {
  ...tableMembers,
  TimeToLiveSpecification: structure(
    "TimeToLiveSpecification",
    {
      Enabled: { type: "boolean", required: true },
      AttributeName: { type: "string", required: true, min: 1, max: 255 },
    },
    { isField: true, required: true },
  ),
};
