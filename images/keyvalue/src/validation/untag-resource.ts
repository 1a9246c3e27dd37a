import { validation } from "../errors.ts";
import type { Members } from "../protocol/shape.ts";
import { tableOfArn } from "./resource-arn.ts";
import { listOf, string } from "./shapes.ts";

export interface UntagResourceInput {
  readonly ResourceArn: string;
  readonly TagKeys: readonly string[];
}

export const members: Members = {
  ResourceArn: string,
  TagKeys: listOf({ type: "string", min: 1, max: 128 }, { required: true }),
};

export interface PreparedUntag {
  readonly input: UntagResourceInput;
  readonly tableName: string;
}

export function prepare(input: UntagResourceInput): PreparedUntag {
  const tableName = tableOfArn(input.ResourceArn);
  if (input.TagKeys.length === 0) throw validation("Atleast one Tag Key needs to be provided as Input.");
  return { input, tableName };
}
