import { Doc, Timestamp } from "../bson/values.ts";
import type { DocSource } from "../exec/run.ts";
import { fillBatch } from "../server/batches.ts";
import type { Call, Reply } from "../server/command.ts";
import type { Cursor } from "../server/cursors.ts";
import { flagField } from "../server/fields.ts";

export interface CursorOptions {
  readonly batchSize: number;
  readonly namespace: string;
  readonly isSingleBatch?: boolean;
  readonly isTailable?: boolean;
  readonly isAwaitData?: boolean;
  readonly outlivesCollection?: boolean;
  readonly wait?: Cursor["wait"];
  readonly extras?: Cursor["extras"];
  readonly isEnded?: () => boolean;
  readonly close?: () => void;
}

/** The first batch of a source, and a cursor for the rest. */
export async function openCursor(call: Call, source: DocSource, options: CursorOptions): Promise<Reply> {
  const { batchSize, namespace, isSingleBatch = false, isTailable = false } = options;
  const { docs, isAtEnd, held } = await fillBatch(call, source, batchSize);
  let id = 0n;
  const isOver = isSingleBatch || (isAtEnd && !isTailable);
  if (!isOver) {
    const cursor = call.server.cursors.add({
      namespace,
      source,
      user: call.user.user,
      session: call.session?.key,
      transaction: call.transaction,
      point: call.point,
      isTailable,
      isAwaitData: options.isAwaitData ?? false,
      outlivesCollection: options.outlivesCollection ?? false,
      wait: options.wait,
      extras: options.extras,
      held,
      isWithoutTimeout: flagField(call.body, "noCursorTimeout"),
      command: call.body,
      ...(options.isEnded !== undefined && { isEnded: options.isEnded }),
      ...(options.close !== undefined && { close: options.close }),
    });
    id = cursor.id;
  } else options.close?.();
  const cursor = Doc.of({ firstBatch: docs });
  if (options.extras !== undefined) for (const [name, value] of options.extras()) cursor.set(name, value);
  cursor.set("id", id).set("ns", namespace);
  if (call.point !== undefined) cursor.set("atClusterTime", new Timestamp(call.point.time));
  return Doc.of({ cursor });
}

/** A list that is there as a whole, as a cursor: listCollections and its like. */
export function listReply(
  call: Call,
  docs: readonly Doc[],
  batchSize: number,
  namespace: string,
): Promise<Reply> {
  let next = 0;
  return openCursor(call, { next: () => docs[next++] }, { batchSize, namespace });
}
