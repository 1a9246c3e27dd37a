import { PgError } from "../errors.ts";
import { at, type Node, type pg } from "../parse/ast.ts";

/** Where in a recursive term its own name may not stand. */
type Place = "its non-recursive term" | "a subquery" | "an outer join" | "INTERSECT" | "EXCEPT";

/**
 * Holds a recursive query to what https://www.postgresql.org/docs/18/queries-with.html#QUERIES-WITH-RECURSIVE allows: its
 * recursive term reads it once, where each new row of it adds rows to the result.
 *
 * @throws PgError 42P19, 0A000
 */
export function checkRecursion(name: string, select: pg.SelectStmt, location: number | undefined): void {
  const notImplemented = (what: string): never => {
    throw new PgError("0A000", `${what} in a recursive query is not implemented`, {}, location);
  };
  if (select.sortClause !== undefined) notImplemented("ORDER BY");
  if (select.limitOffset !== undefined) notImplemented("OFFSET");
  if (select.limitCount !== undefined) notImplemented("LIMIT");
  if (select.lockingClause !== undefined) notImplemented("FOR UPDATE/SHARE");
  const walk = new Walk(name);
  const shadowed = walk.with(select.withClause, "a subquery");
  if (shadowed) return;
  walk.node({ SelectStmt: select.larg } as Node, "its non-recursive term");
  walk.node({ SelectStmt: select.rarg } as Node, undefined);
}

/** Goes through a query as it was parsed; names that an inner WITH gives again mean another one. */
class Walk {
  readonly #name: string;
  #references = 0;

  constructor(name: string) {
    this.#name = name;
  }

  node(value: unknown, place: Place | undefined): void {
    if (typeof value !== "object" || value === null) return;
    if (Array.isArray(value)) {
      for (const item of value) this.node(item, place);
      return;
    }
    const { RangeVar, SelectStmt, JoinExpr, SubLink } = value as Node;
    if (RangeVar !== undefined) this.#table(RangeVar, place);
    else if (SelectStmt !== undefined) this.#select(SelectStmt, place);
    else if (JoinExpr !== undefined) this.#join(JoinExpr, place);
    else if (SubLink !== undefined) {
      this.node(SubLink.subselect, "a subquery");
      this.node(SubLink.testexpr, place);
    } else for (const item of Object.values(value)) this.node(item, place);
  }

  /** @returns whether the name means something else where the WITH holds. */
  with(clause: pg.WithClause | undefined, place: Place | undefined): boolean {
    const ctes = ((clause?.ctes ?? []) as Node[]).map((item) => item.CommonTableExpr!);
    const isNamed = ctes.some(({ ctename }) => ctename === this.#name);
    if (clause?.recursive === true && isNamed) return true;
    for (const { ctename, ctequery } of ctes) {
      this.node(ctequery, place);
      if (ctename === this.#name) return true;
    }
    return isNamed;
  }

  #table({ schemaname, relname, location }: pg.RangeVar, place: Place | undefined): void {
    if (relname !== this.#name || (schemaname !== undefined && schemaname !== "")) return;
    const refuse = (where: string): never => {
      throw new PgError(
        "42P19",
        `recursive reference to query "${this.#name}" must not appear ${where}`,
        {},
        at(location),
      );
    };
    if (place !== undefined) refuse(`within ${place}`);
    if (++this.#references > 1) refuse("more than once");
  }

  #select(select: pg.SelectStmt, place: Place | undefined): void {
    if (this.with(select.withClause, place)) return;
    if (select.op === undefined || select.op === "SETOP_NONE") {
      const { withClause: _walked, ...rest } = select;
      for (const part of Object.values(rest)) this.node(part, place);
      return;
    }
    const { op, all, larg, rarg, sortClause, limitCount, limitOffset } = select;
    const isIntersect = op === "SETOP_INTERSECT";
    const isExcept = op === "SETOP_EXCEPT";
    const whole: Place | undefined =
      all === true && isIntersect ? "INTERSECT" : all === true && isExcept ? "EXCEPT" : place;
    this.node({ SelectStmt: larg }, whole);
    this.node({ SelectStmt: rarg }, isExcept ? "EXCEPT" : whole);
    this.node([sortClause, limitCount, limitOffset], place);
  }

  #join({ jointype, larg, rarg, quals }: pg.JoinExpr, place: Place | undefined): void {
    const nullsLeft = jointype === "JOIN_RIGHT" || jointype === "JOIN_FULL";
    const nullsRight = jointype === "JOIN_LEFT" || jointype === "JOIN_FULL";
    this.node(larg, nullsLeft ? "an outer join" : place);
    this.node(rarg, nullsRight ? "an outer join" : place);
    this.node(quals, place);
  }
}
