import { StatementAnalyser } from "../analyse/analyse.ts";
import { coerceToTarget } from "../analyse/coerce.ts";
import { AnalyseContext } from "../analyse/context.ts";
import { resolveTypeName } from "../analyse/type-names.ts";
import { notSupported, PgError } from "../errors.ts";
import type { Node } from "../parse/ast.ts";
import { sqlTexts } from "../parse/parse.ts";
import { makePlanContext } from "../plan/planner.ts";
import { Scope } from "../run/scope.ts";
import type { Datum } from "../types/datum.ts";
import { makeExec } from "./exec.ts";
import { openPortal } from "./portal.ts";
import { type PreparedStatement, prepareStatement } from "./prepare.ts";
import type { SessionState } from "./state.ts";
import { dropTemporary } from "./temporary.ts";
import { defineUtility } from "./utility.ts";
import { plain } from "./utility-types.ts";

/** PREPARE, EXECUTE, DEALLOCATE, DISCARD. */

defineUtility("PrepareStmt", (session, node) =>
  plain("PREPARE", () => {
    const { name = "", argtypes, query } = node.PrepareStmt!;
    if (session.statements.has(name))
      throw new PgError("42P05", `prepared statement "${name}" already exists`);
    const ctx = new AnalyseContext(session.io, [], true);
    const types = ((argtypes ?? []) as Node[]).map((type) => resolveTypeName(ctx, type.TypeName!).type);
    const statement = { node: query as Node, text: "", location: 0 };
    session.statements.set(name, prepareStatement(session, statement, types, ""));
  })(session, node, []),
);

function named(session: SessionState, name: string): PreparedStatement {
  const found = session.statements.get(name);
  if (found === undefined) throw new PgError("26000", `prepared statement "${name}" does not exist`);
  return found as PreparedStatement;
}

/** The parameters of EXECUTE: expressions without columns. */
export function constantValues(
  session: SessionState,
  nodes: readonly Node[],
  types: readonly number[],
): Datum[] {
  const ctx = new AnalyseContext(session.io, [], false);
  const analyser = new StatementAnalyser(ctx, sqlTexts);
  const plan = makePlanContext({
    catalog: session.catalog,
    pushdown: false,
    systemRows: () => {
      throw notSupported("a table here");
    },
  });
  return nodes.map((node, i) => {
    const expr = analyser.constantExpression(node, "EXECUTE");
    const coerced = coerceToTarget(ctx, expr, types[i]!, -1, "assignment", "implicit");
    if (coerced === undefined) {
      throw new PgError(
        "42804",
        `parameter $${i + 1} of type ${ctx.formatType(expr.type)} cannot be coerced to the expected type ${ctx.formatType(types[i]!)}`,
        { hint: "You will need to rewrite or cast the expression." },
        expr.location,
      );
    }
    const block = session.transactions.current();
    const exec = makeExec(session, block, undefined as never, undefined, []);
    return plan.compiler.compile(coerced, new Scope(undefined))([], { exec, row: [], outer: undefined });
  });
}

defineUtility("ExecuteStmt", (session, node) => {
  const { name = "", params } = node.ExecuteStmt!;
  const prepared = named(session, name);
  const given = (params ?? []) as Node[];
  return {
    columns: prepared.columns,
    run: async () => {
      if (given.length !== prepared.parameterOids.length) {
        throw new PgError("42601", `wrong number of parameters for prepared statement "${name}"`, {
          detail: `Expected ${prepared.parameterOids.length} parameters but got ${given.length}.`,
        });
      }
      const portal = openPortal(session, prepared, constantValues(session, given, prepared.parameterOids));
      const { rows, tag = "" } = await portal.fetch(0);
      return { rows, tag };
    },
  };
});

defineUtility("DeallocateStmt", (session, node) => {
  const { name } = node.DeallocateStmt!;
  return plain(name === undefined ? "DEALLOCATE ALL" : "DEALLOCATE", () => {
    if (name === undefined) {
      session.statements.clear();
      session.events.deallocated(undefined);
      return;
    }
    named(session, name);
    session.statements.delete(name);
    session.events.deallocated(name);
  })(session, node, []);
});

const targets: Readonly<Record<string, string>> = {
  DISCARD_ALL: "DISCARD ALL",
  DISCARD_PLANS: "DISCARD PLANS",
  DISCARD_SEQUENCES: "DISCARD SEQUENCES",
  DISCARD_TEMP: "DISCARD TEMP",
};

defineUtility("DiscardStmt", (session, node) => {
  const target = node.DiscardStmt?.target ?? "DISCARD_ALL";
  return plain(targets[target]!, async () => {
    if (target === "DISCARD_TEMP" || target === "DISCARD_ALL") {
      if (target === "DISCARD_ALL" && session.status !== "I")
        throw new PgError("25001", "DISCARD ALL cannot run inside a transaction block");
      await dropTemporary(session);
    }
    if (target === "DISCARD_ALL") {
      session.statements.clear();
      session.events.deallocated(undefined);
      const block = session.transactions.current();
      session.settings.set("session_authorization", undefined, false, block);
      session.settings.set("role", undefined, false, block);
      session.settings.resetAll(block);
      session.transactions.current().listens.push({ channel: "*", isOn: false });
    }
    if (target === "DISCARD_ALL" || target === "DISCARD_SEQUENCES") {
      session.lastValues.clear();
      session.lastSequence = undefined;
    }
  })(session, node, []);
});

defineUtility("ConstraintsSetStmt", (session, node) => {
  const { constraints, deferred } = node.ConstraintsSetStmt!;
  return plain("SET CONSTRAINTS", async () => {
    const block = session.transactions.current();
    if (!block.isExplicit)
      session.notice("WARNING", "SET CONSTRAINTS can only be used in transaction blocks", "25P01");
    const isDeferred = deferred === true;
    if (constraints === undefined) {
      block.constraintModes.clear();
      block.constraintModes.set("all", isDeferred);
      if (!isDeferred) await session.transactions.checkNow(block, () => true);
      return;
    }
    for (const item of constraints as Node[]) {
      const name = item.RangeVar?.relname ?? "";
      const found = [...session.catalog.all("constraint")].filter((c) => c.name === name);
      if (found.length === 0) throw new PgError("42704", `constraint "${name}" does not exist`);
      for (const constraint of found) {
        if (!constraint.deferrable) throw new PgError("42809", `constraint "${name}" is not deferrable`);
        block.constraintModes.set(constraint.oid, isDeferred);
        if (!isDeferred) await session.transactions.checkNow(block, (oid) => oid === constraint.oid);
      }
    }
  })(session, node, []);
});
