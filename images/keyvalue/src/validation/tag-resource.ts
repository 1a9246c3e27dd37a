import { invalidParameter, validation } from "../errors.ts";
import type { Members } from "../protocol/shape.ts";
import { tableOfArn } from "./resource-arn.ts";
import { listOf, string, structure } from "./shapes.ts";

export interface TagInput {
  readonly Key: string;
  readonly Value: string;
}

export interface TagResourceInput {
  readonly ResourceArn: string;
  readonly Tags: readonly TagInput[];
}

export const tagsMax = 50;

export const members: Members = {
  ResourceArn: string,
  Tags: listOf(
    structure("Tag", {
      Key: { type: "string", required: true, min: 1, max: 128 },
      Value: { type: "string", required: true, min: 0, max: 256 },
    }),
    { required: true },
  ),
};

export interface PreparedTags {
  readonly input: TagResourceInput;
  readonly tableName: string;
}

export function prepare(input: TagResourceInput): PreparedTags {
  const tableName = tableOfArn(input.ResourceArn);
  if (input.Tags.length === 0) throw validation("Atleast one Tag needs to be provided as Input.");
  const keys = input.Tags.map(({ Key }) => Key);
  const duplicate = keys.find((key, index) => keys.indexOf(key) !== index);
  if (duplicate !== undefined) throw invalidParameter(`Duplicate tag key: ${duplicate}`);
  const reserved = keys.find((key) => /^aws:/i.test(key));
  if (reserved !== undefined)
    throw invalidParameter(`Tag keys that begin with aws: are reserved for AWS: ${reserved}`);
  return { input, tableName };
}
