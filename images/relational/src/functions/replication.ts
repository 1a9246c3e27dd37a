import { PgError } from "../errors.ts";
import { endLsn } from "../replication/lsn.ts";
import type { PluginOptions } from "../replication/output-plugin.ts";
import { requirePlugin } from "../replication/plugins.ts";
import { readSlot } from "../replication/read-slot.ts";
import type { Slots } from "../replication/slots.ts";
import { type Datum, PgArray, PgRecord } from "../types/datum.ts";
import { lsnText, readLsn } from "../types/lsn.ts";
import { Numeric } from "../types/numeric.ts";
import { oid } from "../types/oids.ts";
import { type CallContext, define, defineSet, defineWith } from "./registry.ts";

/** Places in the log, and what SQL does with replication slots. */

const lsnOf = (text: string): bigint => readLsn(text)!;

/** @throws PgError 22023 */
function inRange(lsn: bigint): string {
  if (lsn < 0n || lsn >= 1n << 64n) throw new PgError("22023", "pg_lsn out of range");
  return lsnText(lsn);
}

/** @throws PgError 0A000, 22023 */
function bytesOf(count: Numeric, doing: string): bigint {
  if (count.special === "NaN") throw new PgError("0A000", `cannot ${doing} NaN`);
  if (count.special !== undefined) throw new PgError("22023", "pg_lsn out of range");
  return count.round(0).digits;
}

define("pg_lsn_mi pg_wal_lsn_diff", (a: string, b: string) => Numeric.fromInteger(lsnOf(a) - lsnOf(b)));
define("pg_lsn_pli", (lsn: string, count: Numeric) => inRange(lsnOf(lsn) + bytesOf(count, "add")));
define("numeric_pl_pg_lsn", (count: Numeric, lsn: string) => inRange(lsnOf(lsn) + bytesOf(count, "add")));
define("pg_lsn_mii", (lsn: string, count: Numeric) => inRange(lsnOf(lsn) - bytesOf(count, "subtract")));
define("numeric_pg_lsn", (count: Numeric) => inRange(bytesOf(count, "convert")));
define("pg_lsn_larger", (a: string, b: string) => (lsnOf(a) > lsnOf(b) ? a : b));
define("pg_lsn_smaller", (a: string, b: string) => (lsnOf(a) < lsnOf(b) ? a : b));

defineWith("pg_current_wal_lsn pg_current_wal_insert_lsn pg_current_wal_flush_lsn pg_switch_wal", ({ run }) =>
  lsnText(endLsn(run.session.slots?.newest ?? 0n)),
);

/** @throws PgError 42501 */
export function requireReplication(call: CallContext): Slots {
  const { session, catalog } = call.run;
  const { current } = session.authority;
  if (!current.isSuperuser && catalog.get("role", current.oid)?.canReplicate !== true)
    throw new PgError("42501", "permission denied to use replication slots", {
      detail: "Only roles with the REPLICATION attribute may use replication slots.",
    });
  if (session.slots === undefined) throw new PgError("55000", "this database records no changes");
  // A slot is changed by a write of its own, which would wait for this transaction to end.
  if (session.transaction.isHolding)
    throw new PgError(
      "25001",
      "replication slots cannot be used in a transaction that has changed definitions",
    );
  return session.slots;
}

function requireName(name: string | null): string {
  if (name === null) throw new PgError("22004", "slot name must not be null");
  return name;
}

defineWith(
  "pg_create_logical_replication_slot",
  (call, name: string, plugin: string, isTemporary: boolean, twoPhase: boolean, failover: boolean) => {
    const { run } = call;
    const slots = requireReplication(call);
    requirePlugin(plugin);
    if (twoPhase || failover)
      throw new PgError("0A000", `${twoPhase ? "two-phase" : "failover"} slots are not supported`);
    // It waits for the end of all transactions that have changed something: for this one, too.
    if (run.session.transaction.hasChanges)
      throw new PgError(
        "25001",
        "cannot create logical replication slot in transaction that has performed writes",
      );
    const lsn = run.awaited(async (signal) =>
      lsnText(endLsn(await slots.create({ name, plugin, isTemporary }, run.session.processId, signal))),
    );
    return new PgRecord([name, lsn], [oid.name, oid.pgLsn], ["slot_name", "lsn"]);
  },
);

defineWith("pg_drop_replication_slot", (call, name: string) => {
  const slots = requireReplication(call);
  return call.run.awaited(async () => {
    await slots.drop(name, call.run.session.processId);
    return "";
  });
});

defineWith("pg_replication_slot_advance", (call, name: string, upto: string) => {
  const slots = requireReplication(call);
  const target = lsnOf(upto);
  if (target === 0n) throw new PgError("22023", "invalid target WAL location");
  const reached = call.run.awaited(async () => {
    const held = await slots.acquire(name, call.run.session.processId);
    try {
      const least = endLsn(held.confirmed);
      if (target < least)
        throw new PgError(
          "22023",
          `cannot advance replication slot to ${lsnText(target)}, minimum is ${lsnText(least)}`,
        );
      await held.confirm(target);
      return lsnText(endLsn(held.confirmed));
    } finally {
      held.release();
    }
  });
  return new PgRecord([name, reached], [oid.name, oid.pgLsn], ["slot_name", "end_lsn"]);
});

/** @throws PgError 22004, 22023 */
function optionsOf(options: PgArray | null): PluginOptions {
  if (options === null) throw new PgError("22004", "options array must not be null");
  const { elements } = options;
  if (elements.includes(null)) throw new PgError("22004", "array must not contain nulls");
  if (elements.length % 2 !== 0) throw new PgError("22023", "array must have even number of elements");
  const texts = elements as readonly string[];
  return texts.flatMap((name, at) => (at % 2 === 0 ? [[name, texts[at + 1]!] as const] : []));
}

for (const [name, consumes, isText] of [
  ["pg_logical_slot_get_changes", true, true],
  ["pg_logical_slot_peek_changes", false, true],
  ["pg_logical_slot_get_binary_changes", true, false],
  ["pg_logical_slot_peek_binary_changes", false, false],
] as const)
  defineSet(
    name,
    (call, slot: string | null, upto: string | null, changesMax: number | null, options: PgArray | null) => {
      const { run } = call;
      const slots = requireReplication(call);
      const read = {
        name: requireName(slot),
        processId: run.session.processId,
        upto: upto === null || lsnOf(upto) === 0n ? undefined : lsnOf(upto),
        changesMax: changesMax ?? 0,
        options: optionsOf(options),
        consumes,
        textFunction: isText ? `${name}(name,pg_lsn,integer,text[])` : undefined,
      };
      const rows = run.awaited(async (signal) => {
        const outputs = await readSlot(slots, read, run.session.pluginContext(), signal);
        return new PgArray(
          outputs.map(({ lsn, xid, data }) => {
            const values: Datum[] = [lsnText(lsn), xid, isText ? data.toString() : data];
            return new PgRecord(values, [], []);
          }),
        );
      });
      return (rows as PgArray).elements.map((row) => (row as PgRecord).values);
    },
  );
