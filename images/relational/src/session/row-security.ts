import type { StatementAnalyser } from "../analyse/analyse.ts";
import { coerceToBoolean } from "../analyse/coerce.ts";
import { Level } from "../analyse/context.ts";
import type { Expr, Query, RangeEntry, RowCheck } from "../analyse/expr.ts";
import { itemOf, tableEntry } from "../analyse/from.ts";
import type { Policy, Relation } from "../catalog/model.ts";
import { type Authority, isOwner, relationObject } from "../catalog/rights.ts";
import { hasRightsOf } from "../catalog/roles.ts";
import { PgError } from "../errors.ts";
import { sqlTexts } from "../parse/parse.ts";
import { oid } from "../types/oids.ts";

/** Row-level security: which policies a query's tables are read and changed by (PostgreSQL's documentation, 5.9). */

/** A table as a query uses it. */
export interface TableUse {
  readonly entry: RangeEntry;
  /** Whose rights count; undefined for who runs the query. */
  readonly as: number | undefined;
  /** Undefined where it is read. */
  readonly change: Exclude<Query, { command: "select" }> | undefined;
  /** Its columns are read, so that its rows have to be visible. */
  readonly isRead: boolean;
  /** FOR UPDATE and its like. */
  readonly isLocked: boolean;
}

/** What the session says about policies. */
export interface RowSecurityOptions {
  readonly authority: Authority & {
    readonly current: { readonly oid: number; readonly isSuperuser: boolean };
  };
  /** The setting row_security: off makes a query an error that a policy would change. */
  readonly isOn: boolean;
}

/** Whether policies hold for a role on a table. @throws PgError 42501 when they would, and are off */
export function policiesHold(
  { authority, isOn }: RowSecurityOptions,
  role: number,
  relation: Relation,
): boolean {
  if (relation.rowSecurity !== true) return false;
  const known = authority.catalog.get("role", role);
  if (role === authority.current.oid ? authority.current.isSuperuser : known?.isSuperuser === true)
    return false;
  if (known?.bypassesRowSecurity === true) return false;
  const owns = isOwner(authority, role, relationObject(relation));
  if (owns && relation.forceRowSecurity !== true) return false;
  if (isOn) return true;
  throw new PgError(
    "42501",
    `query would be affected by row-level security policy for table "${relation.name}"`,
    {
      hint: owns
        ? "To disable the policy for the table's owner, use ALTER TABLE NO FORCE ROW LEVEL SECURITY."
        : undefined,
    },
  );
}

/** What policies add: what they read is to be allowed, too. */
export interface AddedExpressions {
  readonly exprs: readonly Expr[];
  readonly as: number | undefined;
}

type Command = Exclude<Policy["command"], "*">;

/** Puts the policies of a table's use into the query. @throws PgError 42P17 for a policy that needs itself */
export function secureTable(
  options: RowSecurityOptions,
  analyser: StatementAnalyser,
  use: TableUse,
): AddedExpressions | undefined {
  const { authority } = options;
  const relation = use.entry.relation!;
  const role = use.as ?? authority.current.oid;
  if (!policiesHold(options, role, relation)) return undefined;
  const policies = [...authority.catalog.all("policy")]
    .filter((policy) => policy.relation === relation.oid)
    .filter(({ roles }) => roles.some((each) => each === 0 || hasRightsOf(authority.catalog, role, each)))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const table = new SecuredTable(analyser, relation, policies);
  const { change, entry } = use;
  const added: Expr[] = [];
  const filter = (...commands: Command[]) => {
    const exprs = commands.flatMap((command) => table.using(entry, command));
    entry.security = [...exprs, ...(entry.security ?? [])];
    added.push(...exprs);
  };
  if (change === undefined) filter(...((use.isLocked ? ["r", "w"] : ["r"]) as Command[]));
  else {
    const read: Command[] = use.isRead ? ["r"] : [];
    const checked = tableEntry(analyser.ctx, relation, relation.name);
    const checks = (command: Command): RowCheck[] => [
      ...table.checks(checked, command),
      ...(use.isRead ? table.visible(checked) : []),
    ];
    const rows = {
      entry: checked,
      insert: [] as RowCheck[],
      update: [] as RowCheck[],
      existing: [] as RowCheck[],
      deleted: [] as RowCheck[],
    };
    switch (change.command) {
      case "insert":
        rows.insert = checks("a");
        if (change.onConflict?.action === "update") {
          // A row in the way is read, whatever is returned.
          rows.existing = [...table.existing(checked, "w"), ...table.existing(checked, "r")];
          rows.update = [...table.checks(checked, "w"), ...table.visible(checked)];
          rows.insert = [...table.checks(checked, "a"), ...table.visible(checked)];
        } else if (change.onConflict !== undefined && (change.onConflict.keys?.length ?? 0) > 0)
          rows.insert = [...table.checks(checked, "a"), ...table.visible(checked)];
        break;
      case "update":
        filter(...read, "w");
        rows.update = checks("w");
        break;
      case "delete":
        filter(...read, "d");
        break;
      default: {
        filter("r");
        const does = new Set(change.actions.map(({ action }) => action));
        if (does.has("update")) {
          rows.existing = table.existing(checked, "w", "target row");
          rows.update = [...table.checks(checked, "w"), ...table.visible(checked)];
        }
        if (does.has("delete")) rows.deleted = table.existing(checked, "d", "target row");
        if (does.has("insert")) rows.insert = checks("a");
      }
    }
    change.rowSecurity = rows;
    for (const list of [rows.insert, rows.update, rows.existing, rows.deleted])
      added.push(...list.map(({ expr }) => expr));
  }
  return { exprs: added, as: use.as };
}

const no: Expr = { kind: "const", value: false, type: oid.bool, typmod: -1 };

/** The policies of one table that concern a role. */
class SecuredTable {
  readonly #analyser: StatementAnalyser;
  readonly #relation: Relation;
  readonly #policies: readonly Policy[];

  constructor(analyser: StatementAnalyser, relation: Relation, policies: readonly Policy[]) {
    this.#analyser = analyser;
    this.#relation = relation;
    this.#policies = policies;
  }

  #expr(entry: RangeEntry, text: string): Expr {
    const { ctx } = this.#analyser;
    const relation = this.#relation;
    // The policy knows the columns by the table's names, whatever the query calls them.
    const own = itemOf({ ...entry, alias: relation.name, columns: tableEntry(ctx, relation, "").columns });
    const columns = own.columns.map((column) => ({
      ...column,
      expr: column.expr.kind === "var" ? { ...column.expr, entry } : column.expr,
    }));
    const level = new Level();
    level.namespace = [{ ...own, columns, entry }];
    return coerceToBoolean(ctx, this.#analyser.columnExpression(level, sqlTexts.expression(text)), "WHERE");
  }

  #for(command: Command, isPermissive: boolean): Policy[] {
    return this.#policies.filter(
      (policy) =>
        policy.isPermissive === isPermissive && (policy.command === "*" || policy.command === command),
    );
  }

  /** Conditions on rows that are there: restrictive ones each, and any one of the others. */
  using(entry: RangeEntry, command: Command): Expr[] {
    return [
      ...this.#restrictive(entry, command, "using").map(({ expr }) => expr),
      this.#any(entry, command, "using"),
    ];
  }

  #restrictive(entry: RangeEntry, command: Command, which: "using" | "check"): RowCheck[] {
    return this.#for(command, false).flatMap((policy) => {
      const text = textOf(policy, which);
      return text === undefined ? [] : [{ expr: this.#expr(entry, text), policy: policy.name }];
    });
  }

  /** Without a permissive policy there is no row. */
  #any(entry: RangeEntry, command: Command, which: "using" | "check"): Expr {
    const texts = this.#for(command, true).map((policy) => textOf(policy, which));
    const given = texts.filter((text) => text !== undefined);
    if (given.length === 0) return no;
    const exprs = given.map((text) => this.#expr(entry, text));
    return exprs.length === 1
      ? exprs[0]!
      : { kind: "bool", op: "or", args: exprs, type: oid.bool, typmod: -1 };
  }

  /** Conditions on a row that is written. */
  checks(entry: RangeEntry, command: Command): RowCheck[] {
    return [{ expr: this.#any(entry, command, "check") }, ...this.#restrictive(entry, command, "check")];
  }

  /** Who is shown a row that was written must be allowed to see it. */
  visible(entry: RangeEntry): RowCheck[] {
    return [{ expr: this.#any(entry, "r", "using") }, ...this.#restrictive(entry, "r", "using")];
  }

  /** Conditions on a row that a change has met: here it is an error where a filter would leave it out. */
  existing(entry: RangeEntry, command: Command, subject = "new row"): RowCheck[] {
    return [{ expr: this.#any(entry, command, "using") }, ...this.#restrictive(entry, command, "using")].map(
      (check) => ({ ...check, isUsing: true, subject }),
    );
  }
}

function textOf(policy: Policy, which: "using" | "check"): string | undefined {
  return which === "using" ? policy.using : (policy.check ?? policy.using);
}
