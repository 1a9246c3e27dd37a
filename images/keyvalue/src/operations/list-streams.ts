import { statement } from "@weftkit/store";
import { arnOfStream, readStreamArn } from "../streams/stream-arn.ts";
import { retentionMs, type StreamRow } from "../streams/stream-log.ts";
import { type ListStreamsInput, listStreamsMembers } from "../validation/streams.ts";
import { asItIs, operation } from "./operation.ts";

const limitDefault = 100;

export const listStreams = operation<ListStreamsInput, ListStreamsInput>({
  name: "ListStreams",
  members: listStreamsMembers,
  action: "read",
  prepare: asItIs,
  run({ store }, { TableName: name, Limit: limit = limitDefault, ExclusiveStartStreamArn: start }, caller) {
    return store.read((db) => {
      const rows = statement(
        db,
        "SELECT * FROM streams WHERE disabled_at IS NULL OR disabled_at > ? ORDER BY table_name, label",
      ).all(caller.nowMs - retentionMs) as StreamRow[];
      const after = start === undefined ? undefined : readStreamArn(start);
      const found = rows.filter(
        ({ table_name, label }) =>
          (name === undefined || table_name === name) &&
          caller.user.can("read", table_name) &&
          (after === undefined ||
            table_name > after.tableName ||
            (table_name === after.tableName && label > after.label)),
      );
      const page = found.slice(0, limit);
      return {
        Streams: page.map((row) => ({
          StreamArn: arnOfStream(row, caller.region),
          TableName: row.table_name,
          StreamLabel: row.label,
        })),
        ...(found.length > limit && { LastEvaluatedStreamArn: arnOfStream(page.at(-1)!, caller.region) }),
      };
    });
  },
});
