import { type Database, statement } from "@weftkit/store";
import { accessDenied, resourceNotFound, trimmedData } from "../errors.ts";
import { readIterator, writeIterator } from "../streams/shard-iterator.ts";
import { arnOfStream, sequenceText } from "../streams/stream-arn.ts";
import { retentionMs, type StreamRecord, type StreamRow } from "../streams/stream-log.ts";
import { type GetRecordsInput, getRecordsMembers } from "../validation/streams.ts";
import { asItIs, operation } from "./operation.ts";

const limitDefault = 1000;
const answerBytesMax = 1024 * 1024;

export const getRecords = operation<GetRecordsInput, GetRecordsInput>({
  name: "GetRecords",
  members: getRecordsMembers,
  action: "read",
  prepare: asItIs,
  run({ store, tokenKey, streams }, { ShardIterator, Limit: limit = limitDefault }, caller) {
    const position = readIterator(tokenKey, ShardIterator, caller.nowMs);
    return store.read((db) => {
      // All up to here is in what is read now: a later one comes with the next call.
      const newest = streams.sequence;
      const stream = statement(db, "SELECT * FROM streams WHERE number = ?").get(position.stream) as
        | StreamRow
        | undefined;
      if (stream === undefined) throw resourceNotFound("Requested resource not found: Stream not found");
      if (!caller.user.can("read", stream.table_name))
        throw accessDenied(caller.user.user, "GetRecords", arnOfStream(stream, caller.region));
      if (position.next < stream.first_sequence) throw trimmedData();
      const { records, last } = read(db, position.next, stream, limit, caller.nowMs, caller.region);
      const isAll = records.length < limit && last === undefined;
      const next = last === undefined ? Math.max(position.next, newest + 1) : last + 1;
      const isEnd = stream.disabled_at !== null && (next > stream.last_sequence! || isAll);
      const iterator = isEnd
        ? ""
        : `,"NextShardIterator":${JSON.stringify(writeIterator(tokenKey, { stream: stream.number, next, issuedAtMs: caller.nowMs }))}`;
      return `{"Records":[${records.join(",")}]${iterator}}`;
    });
  },
});

/** Some records, as JSON, and the number of the last one. */
function read(
  db: Database,
  from: number,
  stream: StreamRow,
  limit: number,
  nowMs: number,
  region: string,
): { readonly records: readonly string[]; readonly last: number | undefined } {
  const rows = statement(
    db,
    "SELECT * FROM stream_records WHERE stream = ? AND sequence >= ? ORDER BY sequence LIMIT ?",
  ).iterate(stream.number, from, limit) as IterableIterator<StreamRecord>;
  const records: string[] = [];
  let last: number | undefined;
  let bytes = 0;
  for (const row of rows) {
    if (row.at < nowMs - retentionMs) {
      last = row.sequence;
      continue;
    }
    bytes += row.size;
    if (records.length > 0 && bytes > answerBytesMax) break;
    records.push(recordText(row, stream, region));
    last = row.sequence;
  }
  return { records, last };
}

function recordText(row: StreamRecord, stream: StreamRow, region: string): string {
  const sequence = sequenceText(row.sequence);
  const images = [
    ...(row.old_image === null ? [] : [`"OldImage":${row.old_image}`]),
    ...(row.new_image === null ? [] : [`"NewImage":${row.new_image}`]),
  ];
  const change = [
    `"ApproximateCreationDateTime":${Math.floor(row.at / 1000)}`,
    `"Keys":${row.keys}`,
    ...images,
    `"SequenceNumber":"${sequence}"`,
    `"SizeBytes":${row.size}`,
    `"StreamViewType":"${stream.view_type}"`,
  ].join(",");
  const id = `${stream.number.toString(16).padStart(12, "0")}${row.sequence.toString(16).padStart(20, "0")}`;
  const author =
    row.by_service === 1 ? `,"userIdentity":{"PrincipalId":"dynamodb.amazonaws.com","Type":"Service"}` : "";
  return `{"eventID":"${id}","eventName":"${row.name}","eventVersion":"1.1","eventSource":"aws:dynamodb","awsRegion":${JSON.stringify(region)},"dynamodb":{${change}}${author}}`;
}
