import { newestOf } from "@weftkit/changes";
import type { Relation } from "../catalog/model.ts";
import { PgError } from "../errors.ts";
import { makePlanContext } from "../plan/planner.ts";
import { tableExpression } from "../plan/table-expressions.ts";
import type { ReplicationCommand } from "../replication/grammar.ts";
import { endLsn, sequenceAt } from "../replication/lsn.ts";
import type { OutputPlugin, PluginContext } from "../replication/output-plugin.ts";
import { requirePlugin } from "../replication/plugins.ts";
import type { HeldSlot, Slots } from "../replication/slots.ts";
import { transactionOf } from "../replication/transaction.ts";
import { Scope } from "../run/scope.ts";
import type { Row } from "../types/datum.ts";
import { lsnText } from "../types/lsn.ts";
import { oid } from "../types/oids.ts";
import { newBlock } from "./block.ts";
import { nowMicros } from "./clock.ts";
import { makeExec } from "./exec.ts";
import type { SessionState } from "./state.ts";
import type { ReplicationResult, ReplicationStream, StreamPart } from "./types.ts";
import { column } from "./utility-types.ts";

/** The commands of the replication protocol, and what output plugins ask of the session. */

/** @throws PgError 42501 */
export function requireSender(session: SessionState): void {
  const { current } = session.authority;
  if (current.isSuperuser || session.catalog.get("role", current.oid)?.canReplicate === true) return;
  throw new PgError("42501", "permission denied to start WAL sender", {
    detail: "Only roles with the REPLICATION attribute may start a WAL sender process.",
  });
}

export function pluginContext(session: SessionState): PluginContext {
  return {
    // Of a stream: whatever is committed while it runs.
    get catalog() {
      return session.database.catalog;
    },
    rowFilter: (relation, where) => rowFilter(session, relation, where),
  };
}

function rowFilter(session: SessionState, relation: Relation, where: string): (row: Row) => boolean {
  const { catalog } = session.database;
  const ctx = makePlanContext({ catalog, pushdown: false, systemRows: () => [] });
  const { expr, entry } = tableExpression({ catalog }, relation, where);
  const holds = ctx.compiler.condition(expr, new Scope(undefined, new Map([[entry, 0]])));
  // A filter looks at nothing but its row: there is no database that it could read.
  const exec = makeExec(
    session,
    newBlock(false, "read committed", true, nowMicros()),
    undefined as never,
    undefined,
    [],
  );
  return (row) => holds(row, { exec, row: [], outer: undefined });
}

function slotsOf(session: SessionState): Slots {
  const { slots } = session.database;
  if (slots === undefined) throw new PgError("55000", "this database records no changes");
  return slots;
}

/** @throws PgError */
export async function replicate(
  session: SessionState,
  command: ReplicationCommand,
): Promise<ReplicationResult> {
  requireSender(session);
  const slots = slotsOf(session);
  switch (command.kind) {
    case "identify":
      return {
        kind: "rows",
        columns: [
          column("systemid", oid.text),
          column("timeline", oid.int8, 8),
          ...texts("xlogpos", "dbname"),
        ],
        row: [
          String(BigInt.asUintN(63, BigInt(`0x${slots.identity}`))),
          1n,
          lsnText(endLsn(slots.newest)),
          session.database.name,
        ],
        tag: "IDENTIFY_SYSTEM",
      };
    case "read slot": {
      if ((await slots.find(command.name)) !== undefined)
        throw new PgError("0A000", "cannot use READ_REPLICATION_SLOT with a logical replication slot");
      return {
        kind: "rows",
        columns: [...texts("slot_type", "restart_lsn"), column("restart_tli", oid.int8, 8)],
        row: [null, null, null],
        tag: "READ_REPLICATION_SLOT",
      };
    }
    case "create slot":
      return createSlot(session, slots, command);
    case "drop slot":
      await dropSlot(session, slots, command);
      return { kind: "done", tag: "DROP_REPLICATION_SLOT" };
    case "start":
      return { kind: "stream", stream: await openStream(session, slots, command) };
  }
}

const texts = (...names: string[]) => names.map((name) => column(name, oid.text));

async function createSlot(
  session: SessionState,
  slots: Slots,
  {
    name,
    plugin,
    isTemporary,
    snapshot,
    twoPhase,
    failover,
  }: Extract<ReplicationCommand, { kind: "create slot" }>,
): Promise<ReplicationResult> {
  requirePlugin(plugin);
  if (twoPhase || failover)
    throw new PgError("0A000", `${twoPhase ? "two-phase" : "failover"} slots are not supported`);
  const { block } = session;
  if (snapshot === "use") requireFresh(block);
  else if (snapshot === "export" && block?.isExplicit === true)
    throw new PgError(
      "25001",
      "CREATE_REPLICATION_SLOT ... (SNAPSHOT 'export') must not be called inside a transaction",
    );
  else if (block?.transaction?.hasChanges === true)
    throw new PgError(
      "25001",
      "cannot create logical replication slot in transaction that has performed writes",
    );
  let sequence = await session.cancelable((signal) =>
    slots.create({ name, plugin, isTemporary }, session.processId, signal),
  );
  let exported: string | null = null;
  if (snapshot !== "nothing") {
    // What somebody sees from now on, and what the slot gives, meet in one commit.
    const pinned = await session.database.store.snapshot();
    if (snapshot === "use") {
      block!.snapshot = pinned;
      block!.hasQueried = true;
    } else {
      exported = session.database.exports.add(session.processId, pinned);
      session.exportedSnapshot = exported;
    }
    sequence = BigInt(await pinned.read(newestOf));
    const held = await slots.acquire(name, session.processId);
    await held.confirm(endLsn(sequence)).finally(() => held.release());
  }
  return {
    kind: "rows",
    columns: texts("slot_name", "consistent_point", "snapshot_name", "output_plugin"),
    row: [name, lsnText(endLsn(sequence)), exported, plugin],
    tag: "CREATE_REPLICATION_SLOT",
  };
}

/** @throws PgError 25001 */
function requireFresh(block: SessionState["block"]): void {
  const must = (is: boolean, what: string) => {
    if (!is)
      throw new PgError("25001", `CREATE_REPLICATION_SLOT ... (SNAPSHOT 'use') must be called ${what}`);
  };
  must(block?.isExplicit === true, "inside a transaction");
  must(block!.isolation !== "read committed", "in REPEATABLE READ isolation mode transaction");
  must(!block!.hasQueried && block!.snapshot === undefined, "before any query");
  must(block!.savepoints.length === 0, "outside of a subtransaction");
}

async function dropSlot(
  session: SessionState,
  slots: Slots,
  { name, waits }: Extract<ReplicationCommand, { kind: "drop slot" }>,
): Promise<void> {
  if (!waits) return slots.drop(name, session.processId);
  await session.cancelable(async (signal) => {
    await slots.released(name, session.processId, signal);
    await slots.drop(name, session.processId);
  });
}

async function openStream(
  session: SessionState,
  slots: Slots,
  { name, lsn, options }: Extract<ReplicationCommand, { kind: "start" }>,
): Promise<ReplicationStream> {
  if (session.block?.isExplicit === true)
    throw new PgError("25001", "START_REPLICATION cannot run inside a transaction block");
  const held = await slots.acquire(name, session.processId);
  try {
    const plugin = requirePlugin(held.slot.plugin)(options, pluginContext(session));
    return new SlotStream(slots, held, plugin, session.processId, lsn);
  } catch (error) {
    held.release();
    throw error;
  }
}

const heartbeatMs = 10_000;

/** A slot as the replication protocol streams it. */
class SlotStream implements ReplicationStream {
  readonly #slots: Slots;
  readonly #held: HeldSlot;
  readonly #plugin: OutputPlugin;
  readonly #processId: number;
  readonly #from: bigint;
  /** The last place that was confirmed and is not written down yet, and who writes. */
  #wanted = 0n;
  #confirming: Promise<void> | undefined;

  constructor(slots: Slots, held: HeldSlot, plugin: OutputPlugin, processId: number, lsn: bigint) {
    this.#slots = slots;
    this.#held = held;
    this.#plugin = plugin;
    this.#processId = processId;
    const asked = sequenceAt(lsn);
    this.#from = asked > held.confirmed ? asked : held.confirmed;
    slots.senders.set(processId, {
      sent: endLsn(this.#from),
      written: 0n,
      flushed: 0n,
      applied: 0n,
      isCaughtUp: false,
      repliedUs: undefined,
    });
  }

  async *parts(signal: AbortSignal): AsyncGenerator<StreamPart> {
    let at = this.#from;
    // At once, for a client that only waits until it has come so far.
    yield { kind: "place", end: endLsn(at), isCaughtUp: at >= this.#held.newest };
    for await (const batch of this.#held.follow(at, signal, heartbeatMs)) {
      const { sequence } = batch.position;
      const isCaughtUp = sequence >= this.#held.newest;
      const end = endLsn(sequence);
      // A heartbeat tells no commit.
      if (sequence > at) {
        for (const { lsn, data } of this.#plugin.write(transactionOf(batch)))
          yield { kind: "data", lsn, end, data };
        at = sequence;
      }
      const sender = this.#slots.senders.get(this.#processId);
      if (sender !== undefined) Object.assign(sender, { sent: end, isCaughtUp });
      yield { kind: "place", end, isCaughtUp };
    }
  }

  replied(written: bigint, flushed: bigint, applied: bigint): void {
    const sender = this.#slots.senders.get(this.#processId);
    if (sender !== undefined) Object.assign(sender, { written, flushed, applied, repliedUs: nowMicros() });
    if (flushed <= this.#wanted) return;
    this.#wanted = flushed;
    this.#confirming ??= this.#confirm();
  }

  /** One write at a time, always of the last place. */
  async #confirm(): Promise<void> {
    try {
      for (let done = 0n; done < this.#wanted; ) {
        done = this.#wanted;
        await this.#held.confirm(done);
      }
    } catch {
      // What is not written down is sent again; that a slot is lost is told by reading it.
    } finally {
      this.#confirming = undefined;
    }
  }

  async close(): Promise<void> {
    this.#slots.senders.delete(this.#processId);
    await this.#confirming;
    this.#held.release();
  }
}
