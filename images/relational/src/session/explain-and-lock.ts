import { postgresTableLocks } from "@weftkit/store";
import { AnalyseContext } from "../analyse/context.ts";
import { lookUpRelation } from "../analyse/from.ts";
import { notSupported, PgError } from "../errors.ts";
import type { Node } from "../parse/ast.ts";
import { tableName } from "../storage/tables.ts";
import { oid } from "../types/oids.ts";
import { explainPlan } from "./explain.ts";
import { openPortal } from "./portal.ts";
import { currentPlan, isQuery, prepareStatement } from "./prepare.ts";
import { requireLock } from "./privileges.ts";
import { runLimited } from "./running.ts";
import { defineUtility } from "./utility.ts";
import { column, plain } from "./utility-types.ts";

const lockModes = [
  "",
  "access share",
  "row share",
  "row exclusive",
  "share update exclusive",
  "share",
  "share row exclusive",
  "exclusive",
  "access exclusive",
] as const;

defineUtility("LockStmt", (session, node) =>
  plain("LOCK TABLE", async () => {
    if (session.status === "I")
      throw new PgError("25P01", "LOCK TABLE can only be used in transaction blocks");
    const { relations = [], mode = 8, nowait } = node.LockStmt!;
    const block = session.transactions.current();
    const ctx = new AnalyseContext(session.io, [], false);
    for (const item of relations as Node[]) {
      const name = item.RangeVar!;
      const relation = lookUpRelation(ctx, name.schemaname, name.relname ?? "");
      if (relation === undefined) throw new PgError("42P01", `relation "${name.relname}" does not exist`);
      requireLock(session, relation, lockModes[mode] ?? "");
      const timeoutMs = session.settings.ms("lock_timeout");
      await runLimited(session, (limits) =>
        session.transactions
          .transaction(block)
          .lock(postgresTableLocks, tableName(relation.oid), 0, lockModes[mode] as "access exclusive", {
            ...(nowait === true ? { nowait: true } : {}),
            ...(timeoutMs > 0 ? { timeoutMs } : {}),
            ...limits,
          }),
      );
    }
  })(session, node, []),
);

defineUtility("ExplainStmt", (session, node, parameterOids) => {
  const { query, options } = node.ExplainStmt!;
  const given = new Map(
    ((options ?? []) as Node[]).map((option) => [
      option.DefElem?.defname ?? "",
      (option.DefElem?.arg as Node | undefined)?.String?.sval ?? "true",
    ]),
  );
  const format = given.get("format") ?? "text";
  if (format !== "text" && format !== "json") throw notSupported(`EXPLAIN (FORMAT ${format.toUpperCase()})`);
  const isAnalyse =
    given.has("analyze") && given.get("analyze") !== "false" && given.get("analyze") !== "off";
  const type = format === "json" ? oid.json : oid.text;
  const inner = query as Node;
  if (!isQuery(inner)) throw notSupported("EXPLAIN of this statement");
  const prepared = prepareStatement(session, { node: inner, text: "", location: 0 }, parameterOids, "");
  return {
    columns: [column("QUERY PLAN", type)],
    parameterOids: prepared.parameterOids,
    run: async (params) => {
      const started = performance.now();
      const rows = isAnalyse ? (await openPortal(session, prepared, params).fetch(0)).rows.length : undefined;
      const elapsedMs = performance.now() - started;
      const lines = explainPlan(currentPlan(session, prepared).query, rows, elapsedMs);
      if (format === "text") return { rows: lines.map((line) => [line.text]), tag: "EXPLAIN" };
      const top = lines[0];
      const document = [
        {
          Plan: {
            "Node Type": top?.node ?? "Result",
            ...(rows === undefined ? {} : { "Actual Rows": rows, "Actual Loops": 1 }),
          },
          ...(rows === undefined ? {} : { "Execution Time": Number(elapsedMs.toFixed(3)) }),
        },
      ];
      return { rows: [[JSON.stringify(document, undefined, 2)]], tag: "EXPLAIN" };
    },
  };
});
