import { findOperator } from "../analyse/resolve-operator.ts";
import type { Constraint, Relation } from "../catalog/model.ts";
import { notSupported, PgError } from "../errors.ts";
import { at, type Node, type pg, strings } from "../parse/ast.ts";
import { Changer } from "../plan/changer.ts";
import { analyserOf, columnExpression, type Ddl } from "./context.ts";
import { buildIndex, indexKey, indexPredicate } from "./indexes.ts";
import { freeRelationName } from "./names.ts";

const methods: ReadonlySet<string> = new Set(["btree", "hash", "gist", "spgist"]);

/** What EXCLUDE asks, with the index that stands for it. @throws PgError 0A000, 42704, 42809, 42883 */
export function makeExclusion(
  ddl: Ddl,
  relation: Relation,
  node: pg.Constraint,
): Pick<Constraint, "name" | "type" | "keys" | "index" | "deferrable" | "deferred" | "exclusion"> {
  if (relation.kind === "p")
    throw new PgError(
      "0A000",
      "exclusion constraints are not supported on partitioned tables",
      {},
      at(node.location),
    );
  const method = node.access_method ?? "btree";
  if (!methods.has(method)) throw notSupported(`an exclusion constraint of access method "${method}"`);
  const names: string[] = [];
  const operators: number[] = [];
  const keys = ((node.exclusions ?? []) as Node[]).map((item) => {
    const [element, operator] = (item.List?.items ?? []) as [Node, Node];
    const { key, name } = indexKey(ddl, relation, method, element.IndexElem!);
    names.push(name);
    const type =
      relation.columns.find(({ attnum }) => attnum === key.attnum)?.type ??
      columnExpression(ddl, relation, element.IndexElem!.expr as Node, "INDEX").expr.type;
    if (key.opclass === 0 && !hasScalarsInGist(ddl))
      throw new PgError(
        "42704",
        `data type ${analyserOf(ddl).ctx.formatType(type)} has no default operator class for access method "${method}"`,
        {
          hint: "You must specify an operator class for the index or define a default operator class for the data type.",
        },
      );
    const symbol = strings((operator.List?.items ?? []) as Node[]).at(-1) ?? "";
    operators.push(operatorOf(ddl, symbol, type, method));
    return key;
  });
  const predicate =
    node.where_clause === undefined ? undefined : indexPredicate(ddl, relation, node.where_clause as Node);
  const name =
    node.conname ??
    freeRelationName(ddl, relation.namespace, relation.name, [...new Set(names)].join("_"), "excl");
  if (ddl.catalog.relationByName(relation.namespace, name) !== undefined)
    throw new PgError("42P07", `relation "${name}" already exists`);
  const include = strings(node.including as Node[] | undefined).map(
    (column) => relation.columns.find((c) => c.name === column)?.attnum ?? 0,
  );
  const index = buildIndex(
    ddl,
    relation,
    {
      oid: 0,
      relation: relation.oid,
      unique: false,
      primary: false,
      nullsNotDistinct: false,
      method,
      keys,
      include,
      ...(predicate === undefined ? {} : { predicate }),
    },
    name,
  );
  return {
    name,
    type: "x",
    keys: keys.map(({ attnum }) => attnum),
    index,
    deferrable: node.deferrable === true || node.initdeferred === true,
    deferred: node.initdeferred === true,
    exclusion: { operators },
  };
}

function hasScalarsInGist(ddl: Ddl): boolean {
  return [...ddl.catalog.all("extension")].some(({ name }) => name === "btree_gist");
}

function operatorOf(ddl: Ddl, name: string, type: number, method: string): number {
  const { ctx } = analyserOf(ddl);
  const found = findOperator(ctx, name, type, type);
  const shown = `${name}(${ctx.formatType(type)},${ctx.formatType(type)})`;
  if (typeof found === "string")
    throw new PgError(
      "42883",
      `operator does not exist: ${ctx.formatType(type)} ${name} ${ctx.formatType(type)}`,
    );
  if (found.commutator !== found.oid)
    throw new PgError("42809", `operator ${shown} is not commutative`, {
      detail: "Only commutative operators can be used in exclusion constraints.",
    });
  if ((method === "btree" || method === "hash") && name !== "=")
    throw new PgError("42809", `operator ${shown} is not a member of an operator family of "${method}"`, {
      detail: "The exclusion operator must be related to the index operator class for the constraint.",
    });
  return found.oid;
}

/** Checks the rows that are there. @throws PgError 23P01 */
export function validateExclusion(
  ddl: Ddl,
  relation: Relation,
  constraint: Constraint,
  forEachRow: (visit: (row: Parameters<Changer["insert"]>[0], rowid: number) => void) => void,
): void {
  const changer = Changer.of(ddl.plan(), relation);
  forEachRow((row, rowid) => changer.checkExclusion(constraint.oid, row, rowid, ddl.exec));
}
