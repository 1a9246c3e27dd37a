import { arnOfStream, findStream, sequenceText, shardId } from "../streams/stream-arn.ts";
import { seconds } from "../tables/describe.ts";
import { type DescribeStreamInput, describeStreamMembers, tableOfStream } from "../validation/streams.ts";
import { asItIs, operation } from "./operation.ts";

export const describeStream = operation<DescribeStreamInput, DescribeStreamInput>({
  name: "DescribeStream",
  members: describeStreamMembers,
  action: "read",
  tables: tableOfStream,
  prepare: asItIs,
  run({ store }, { StreamArn: arn, ExclusiveStartShardId: after, ShardFilter: filter }, { region }) {
    return store.read((db) => {
      const row = findStream(db, arn);
      const id = shardId(row);
      const shard = {
        ShardId: id,
        SequenceNumberRange: {
          StartingSequenceNumber: sequenceText(row.first_sequence),
          ...(row.disabled_at !== null && { EndingSequenceNumber: sequenceText(row.last_sequence!) }),
        },
      };
      return {
        StreamDescription: {
          StreamArn: arnOfStream(row, region),
          StreamLabel: row.label,
          StreamStatus: row.disabled_at === null ? "ENABLED" : "DISABLED",
          StreamViewType: row.view_type,
          CreationRequestDateTime: seconds(row.created_at),
          TableName: row.table_name,
          KeySchema: JSON.parse(row.key_schema) as unknown,
          // A stream is one shard, which has no children.
          Shards: after === id || filter?.Type === "CHILD_SHARDS" ? [] : [shard],
        },
      };
    });
  },
});
