import { resourceNotFound, trimmedData, validation } from "../errors.ts";
import { writeIterator } from "../streams/shard-iterator.ts";
import { findStream, parseSequence, shardId } from "../streams/stream-arn.ts";
import {
  type GetShardIteratorInput,
  getShardIteratorMembers,
  prepareGetShardIterator,
  tableOfStream,
} from "../validation/streams.ts";
import { operation } from "./operation.ts";

export const getShardIterator = operation<GetShardIteratorInput, GetShardIteratorInput>({
  name: "GetShardIterator",
  members: getShardIteratorMembers,
  action: "read",
  tables: tableOfStream,
  prepare: prepareGetShardIterator,
  run({ store, streams, tokenKey }, input, { nowMs }) {
    return store.read((db) => {
      const row = findStream(db, input.StreamArn);
      if (input.ShardId !== shardId(row)) {
        throw resourceNotFound(
          `Requested resource not found: Shard: ${input.ShardId} in Stream: ${input.StreamArn} not found`,
        );
      }
      const position = (next: number) => ({
        ShardIterator: writeIterator(tokenKey, { stream: row.number, next, issuedAtMs: nowMs }),
      });
      switch (input.ShardIteratorType) {
        case "TRIM_HORIZON":
          return position(row.first_sequence);
        case "LATEST":
          return position((row.last_sequence ?? streams.sequence) + 1);
        default: {
          const sequence = parseSequence(input.SequenceNumber!);
          if (sequence === undefined || sequence > (row.last_sequence ?? streams.sequence) + 1)
            throw validation("Invalid SequenceNumber for the shard");
          if (sequence < row.first_sequence) throw trimmedData();
          return position(input.ShardIteratorType === "AT_SEQUENCE_NUMBER" ? sequence : sequence + 1);
        }
      }
    });
  },
});
