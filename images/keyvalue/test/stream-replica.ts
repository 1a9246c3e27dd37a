import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import {
  DescribeStreamCommand,
  type DynamoDBStreamsClient,
  GetRecordsCommand,
  GetShardIteratorCommand,
} from "@aws-sdk/client-dynamodb-streams";
import { expect } from "vitest";

export type SdkItem = Record<string, AttributeValue>;

/** A copy of a table that is made of its stream alone: it finds every record that is missing, and every one too many. */
export class StreamReplica {
  readonly items = new Map<string, SdkItem>();
  /** Of all records so far. */
  records = 0;
  /** The number of the record that was applied last. */
  last: string | undefined;

  /** Reads all that is new. */
  async follow(client: DynamoDBStreamsClient, StreamArn: string): Promise<void> {
    const { StreamDescription } = await client.send(new DescribeStreamCommand({ StreamArn }));
    const ShardId = StreamDescription!.Shards![0]!.ShardId!;
    const from =
      this.last === undefined
        ? { ShardIteratorType: "TRIM_HORIZON" as const }
        : { ShardIteratorType: "AFTER_SEQUENCE_NUMBER" as const, SequenceNumber: this.last };
    let { ShardIterator } = await client.send(new GetShardIteratorCommand({ StreamArn, ShardId, ...from }));
    for (;;) {
      const page = await client.send(new GetRecordsCommand({ ShardIterator }));
      for (const { eventName, dynamodb } of page.Records!) {
        const key = JSON.stringify(dynamodb!.Keys);
        const before = this.items.get(key);
        const { OldImage, NewImage } = dynamodb as { OldImage?: SdkItem; NewImage?: SdkItem };
        expect(OldImage, `record ${dynamodb!.SequenceNumber} goes on from another item`).toEqual(before);
        const expected = before === undefined ? "INSERT" : NewImage === undefined ? "REMOVE" : "MODIFY";
        expect(eventName).toBe(expected);
        if (NewImage === undefined) this.items.delete(key);
        else this.items.set(key, NewImage);
        if (this.last !== undefined) expect(dynamodb!.SequenceNumber! > this.last).toBe(true);
        this.last = dynamodb!.SequenceNumber!;
        this.records++;
      }
      ShardIterator = page.NextShardIterator;
      if (page.Records!.length === 0 || ShardIterator === undefined) return;
    }
  }
}
