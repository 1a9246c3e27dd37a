import { validation } from "../errors.ts";
import type { Members, StringShape } from "../protocol/shape.ts";
import { readStreamArn } from "../streams/stream-arn.ts";
import { namePattern, structure } from "./shapes.ts";

/** The requests of the streams' own API. */

const streamArn: StringShape = { type: "string", required: true, min: 37, max: 1024 };

export interface ListStreamsInput {
  readonly TableName?: string;
  readonly Limit?: number;
  readonly ExclusiveStartStreamArn?: string;
}

export const listStreamsMembers: Members = {
  TableName: { type: "string", isTable: true, pattern: namePattern, min: 3, max: 255 },
  Limit: { type: "Integer", min: 1, max: 100 },
  ExclusiveStartStreamArn: { type: "string", min: 37, max: 1024 },
};

export interface DescribeStreamInput {
  readonly StreamArn: string;
  readonly Limit?: number;
  readonly ExclusiveStartShardId?: string;
  readonly ShardFilter?: { readonly Type?: "CHILD_SHARDS"; readonly ShardId?: string };
}

export const describeStreamMembers: Members = {
  StreamArn: streamArn,
  Limit: { type: "Integer", min: 1, max: 100 },
  ExclusiveStartShardId: { type: "string", min: 28, max: 65 },
  ShardFilter: structure(
    "ShardFilter",
    {
      Type: { type: "string", enum: ["CHILD_SHARDS"] },
      ShardId: { type: "string", min: 28, max: 65 },
    },
    { isField: true },
  ),
};

export interface GetShardIteratorInput {
  readonly StreamArn: string;
  readonly ShardId: string;
  readonly ShardIteratorType: "TRIM_HORIZON" | "LATEST" | "AT_SEQUENCE_NUMBER" | "AFTER_SEQUENCE_NUMBER";
  readonly SequenceNumber?: string;
}

export const getShardIteratorMembers: Members = {
  StreamArn: streamArn,
  ShardId: { type: "string", required: true, min: 28, max: 65 },
  ShardIteratorType: {
    type: "string",
    required: true,
    enum: ["AFTER_SEQUENCE_NUMBER", "LATEST", "AT_SEQUENCE_NUMBER", "TRIM_HORIZON"],
  },
  SequenceNumber: { type: "string", min: 21, max: 40 },
};

export function prepareGetShardIterator(input: GetShardIteratorInput): GetShardIteratorInput {
  const { ShardIteratorType: type, SequenceNumber: sequence } = input;
  const needsSequence = type === "AT_SEQUENCE_NUMBER" || type === "AFTER_SEQUENCE_NUMBER";
  if (needsSequence && sequence === undefined)
    throw validation(`One or more parameter values were invalid: SequenceNumber cannot be null`);
  if (!needsSequence && sequence !== undefined) {
    throw validation(
      "One or more parameter values were invalid: SequenceNumber should not be passed for this iterator type",
    );
  }
  return input;
}

export interface GetRecordsInput {
  readonly ShardIterator: string;
  readonly Limit?: number;
}

export const getRecordsMembers: Members = {
  ShardIterator: { type: "string", required: true, min: 1, max: 2048 },
  Limit: { type: "Integer", min: 1, max: 1000 },
};

/** Whose stream it is, for the rights of who asks. */
export function tableOfStream({ StreamArn }: { readonly StreamArn: string }): readonly string[] {
  return [readStreamArn(StreamArn).tableName];
}
