import { parseArn } from "@weftkit/http-aws";
import { type Database, statement } from "@weftkit/store";
import { resourceNotFound, validation } from "../errors.ts";
import { streamArn } from "../tables/describe.ts";
import type { StreamRow } from "./stream-log.ts";

/** The parts of a stream's ARN: the table, and when the stream was enabled. */
export function readStreamArn(arn: string): { readonly tableName: string; readonly label: string } {
  const parsed = parseArn(arn);
  const match = /^table\/([a-zA-Z0-9_.-]+)\/stream\/(.+)$/.exec(parsed?.resource ?? "");
  if (parsed?.service !== "dynamodb" || match === null)
    throw validation(`Invalid StreamArn: Invalid ResourceArn provided as input ${arn}`);
  return { tableName: match[1]!, label: match[2]! };
}

export function findStream(db: Database, arn: string): StreamRow {
  const { tableName, label } = readStreamArn(arn);
  const row = statement(db, "SELECT * FROM streams WHERE table_name = ? AND label = ?").get(
    tableName,
    label,
  ) as StreamRow | undefined;
  if (row === undefined) throw resourceNotFound(`Requested resource not found: Stream: ${arn} not found`);
  return row;
}

export function arnOfStream({ table_name, label }: StreamRow, region: string): string {
  return streamArn(region, table_name, label);
}

/** Every stream has one shard, which is closed when the stream is disabled. */
export function shardId({ number, created_at }: StreamRow): string {
  return `shardId-${String(created_at).padStart(20, "0")}-${number.toString(16).padStart(8, "0")}`;
}

/** AWS's have 21 digits or more; as texts they are in order. */
export function sequenceText(sequence: number): string {
  return `1${String(sequence).padStart(20, "0")}`;
}

/** Undefined when it is not one of ours. */
export function parseSequence(text: string): number | undefined {
  return /^1\d{20}$/.test(text) ? Number(text.slice(1)) : undefined;
}
