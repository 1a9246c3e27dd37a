import { PgError } from "../errors.ts";
import { at, type Node, type pg } from "../parse/ast.ts";
import type { Level } from "./context.ts";
import type { FromNode, RangeEntry, RowLock, SelectQuery } from "./expr.ts";

type Strength = RowLock["strength"];

const strengths: Readonly<Record<string, Strength>> = {
  LCS_FORUPDATE: "update",
  LCS_FORNOKEYUPDATE: "noKeyUpdate",
  LCS_FORSHARE: "share",
  LCS_FORKEYSHARE: "keyShare",
};

const waits: Readonly<Record<string, RowLock["wait"]>> = { LockWaitSkip: "skip", LockWaitError: "error" };

export const lockWords: Readonly<Record<Strength, string>> = {
  update: "FOR UPDATE",
  noKeyUpdate: "FOR NO KEY UPDATE",
  share: "FOR SHARE",
  keyShare: "FOR KEY SHARE",
};

/** FOR UPDATE and the like. A subquery or view that is named, or is there when none is, has its tables locked. @throws PgError */
export function analyseLocks(level: Level, node: pg.SelectStmt, query: SelectQuery): RowLock[] {
  return ((node.lockingClause ?? []) as Node[]).map((item): RowLock => {
    const { lockedRels = [], strength = "", waitPolicy = "" } = item.LockingClause!;
    const kind = strengths[strength] ?? "update";
    const wait = waits[waitPolicy] ?? "block";
    checkLockable(query, kind);
    const names = (lockedRels as Node[]).map((rel) => rel.RangeVar!);
    const entries =
      names.length === 0
        ? lockableEntries(query, kind)
        : names.map((name) => namedEntry(level, query, name, kind));
    for (const entry of entries) if (entry.kind === "subquery") lockWithin(entry, kind, wait);
    return { strength: kind, wait, entries };
  });
}

/** For what has no rows of tables to lock. @throws PgError 0A000 */
export function refuseLocks(node: pg.SelectStmt, why: string): void {
  const [first] = (node.lockingClause ?? []) as Node[];
  if (first === undefined) return;
  const kind = strengths[first.LockingClause?.strength ?? ""] ?? "update";
  throw new PgError("0A000", `${lockWords[kind]} ${why}`);
}

function namedEntry(level: Level, query: SelectQuery, name: pg.RangeVar, kind: Strength): RangeEntry {
  const entry = level.namespace.find(
    (item) => item.entry !== undefined && item.alias === name.relname,
  )?.entry;
  const place = at(name.location);
  if (entry === undefined)
    throw new PgError(
      "42P01",
      `relation "${name.relname}" in ${lockWords[kind]} clause not found in FROM clause`,
      {},
      place,
    );
  if (entry.kind !== "table" && entry.kind !== "subquery")
    throw new PgError(
      "0A000",
      `${lockWords[kind]} cannot be applied to a ${entry.kind === "cte" ? "WITH query" : entry.kind}`,
      {},
      place,
    );
  for (const node of query.from)
    visitEntries(node, false, (found, isNullable) => {
      if (found === entry && isNullable) throw nullableSide(kind);
    });
  return entry;
}

function nullableSide(kind: Strength): PgError {
  return new PgError("0A000", `${lockWords[kind]} cannot be applied to the nullable side of an outer join`);
}

function visitEntries(
  node: FromNode,
  isNullable: boolean,
  found: (entry: RangeEntry, isNullable: boolean) => void,
): void {
  if (node.kind === "entry") {
    found(node.entry, isNullable);
    return;
  }
  visitEntries(node.left, isNullable || node.type === "right" || node.type === "full", found);
  visitEntries(node.right, isNullable || node.type === "left" || node.type === "full", found);
}

/** Tables, subqueries and views of FROM; functions, VALUES and WITH queries have nothing to lock. */
function lockableEntries(query: SelectQuery, kind: Strength): RangeEntry[] {
  const entries: RangeEntry[] = [];
  for (const node of query.from)
    visitEntries(node, false, (entry, isNullable) => {
      const isTable = entry.kind === "table" && entry.relation?.system !== true;
      if (!isTable && entry.kind !== "subquery") return;
      if (isNullable) throw nullableSide(kind);
      entries.push(entry);
    });
  return entries;
}

/** A row of the result must be of one row of each table. @throws PgError 0A000 */
function checkLockable(query: SelectQuery, kind: Strength): void {
  const refuse = (what: string): never => {
    throw new PgError("0A000", `${lockWords[kind]} is not allowed with ${what}`);
  };
  if (query.setOperation !== undefined) refuse("UNION/INTERSECT/EXCEPT");
  if (query.distinct !== undefined) refuse("DISTINCT clause");
  if (query.groupBy.length > 0 || query.groupingSets !== undefined) refuse("GROUP BY clause");
  if (query.having !== undefined) refuse("HAVING clause");
  if (query.grouped) refuse("aggregate functions");
  if (query.windows.length > 0) refuse("window functions");
  if (query.targetSets) refuse("set-returning functions in the target list");
}

/**
 * Locks the tables of a subquery: where it is read, among the rows that the query around takes; with a LIMIT, which counts
 * rows that are locked, within.
 */
function lockWithin(entry: RangeEntry, kind: Strength, wait: RowLock["wait"]): void {
  const query = entry.query as SelectQuery;
  checkLockable(query, kind);
  const entries = lockableEntries(query, kind);
  for (const inner of entries) if (inner.kind === "subquery") lockWithin(inner, kind, wait);
  if (query.limit !== undefined || query.offset !== undefined) {
    query.locks.push({ strength: kind, wait, entries, isPushedDown: true });
    return;
  }
  const carried = entries.flatMap((inner) => (inner.kind === "table" ? [inner] : (inner.carried ?? [])));
  query.carries = carried;
  entry.carried = carried;
}
