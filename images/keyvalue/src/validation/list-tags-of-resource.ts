import type { Members } from "../protocol/shape.ts";
import { tableOfArn } from "./resource-arn.ts";
import { string } from "./shapes.ts";

export interface ListTagsOfResourceInput {
  readonly ResourceArn: string;
  readonly NextToken?: string;
}

export const members: Members = { ResourceArn: string, NextToken: string };

export interface PreparedListTags {
  readonly input: ListTagsOfResourceInput;
  readonly tableName: string;
}

export function prepare(input: ListTagsOfResourceInput): PreparedListTags {
  return { input, tableName: tableOfArn(input.ResourceArn) };
}
