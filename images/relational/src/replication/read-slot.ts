import { PgError } from "../errors.ts";
import { endLsn } from "./lsn.ts";
import type { PluginContext, PluginOptions, PluginOutput } from "./output-plugin.ts";
import { requirePlugin } from "./plugins.ts";
import type { Slots } from "./slots.ts";
import { transactionOf } from "./transaction.ts";

export interface SlotRead {
  readonly name: string;
  readonly processId: number;
  /** No transaction that commits at or after it. */
  readonly upto: bigint | undefined;
  /** Whole transactions until there are so many changes; 0 for all. */
  readonly changesMax: number;
  readonly options: PluginOptions;
  /** Whether what is read is confirmed, and not given again. */
  readonly consumes: boolean;
  /** The SQL function that must not give anything but text. */
  readonly textFunction: string | undefined;
}

export interface ReadOutput extends PluginOutput {
  readonly xid: number;
}

/** What was committed up to now, as the slot's plugin writes it. @throws PgError 0A000, 42704, 55000, 55006, and what the plugin says */
export async function readSlot(
  slots: Slots,
  { name, processId, upto, changesMax, options, consumes, textFunction }: SlotRead,
  context: PluginContext,
  signal: AbortSignal | undefined,
): Promise<readonly ReadOutput[]> {
  const held = await slots.acquire(name, processId);
  try {
    const plugin = requirePlugin(held.slot.plugin)(options, context);
    if (textFunction !== undefined && plugin.isBinary)
      throw new PgError(
        "0A000",
        `logical decoding output plugin "${held.slot.plugin}" produces binary output, but function "${textFunction}" expects textual data`,
      );
    const found: ReadOutput[] = [];
    const end = held.newest;
    let at = held.confirmed;
    reading: while (at < end) {
      if (signal?.aborted === true) throw new PgError("57014", "canceling statement due to user request");
      const batches = await held.read(at);
      if (batches.length === 0) break;
      for (const batch of batches) {
        const transaction = transactionOf(batch);
        if (batch.position.sequence > end) break reading;
        if (upto !== undefined && transaction.commitLsn >= upto) break reading;
        for (const output of plugin.write(transaction)) found.push({ ...output, xid: transaction.xid });
        at = batch.position.sequence;
        if (changesMax > 0 && found.length >= changesMax) break reading;
      }
    }
    if (consumes) await held.confirm(endLsn(at));
    return found;
  } finally {
    held.release();
  }
}
