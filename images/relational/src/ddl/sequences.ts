import { resolveTypeName } from "../analyse/type-names.ts";
import type { Relation, Sequence } from "../catalog/model.ts";
import { PgError } from "../errors.ts";
import { type Node, type pg, stringOf, strings } from "../parse/ast.ts";
import { oid } from "../types/oids.ts";
import { analyserOf, type Ddl, newOid, requireRelation, targetNamespace } from "./context.ts";
import { checkNameFree } from "./names.ts";
import { initialRights, requireRelationOwner } from "./rights.ts";

const limits: Readonly<Record<number, readonly [bigint, bigint]>> = {
  [oid.int2]: [-32768n, 32767n],
  [oid.int4]: [-2147483648n, 2147483647n],
  [oid.int8]: [-9223372036854775808n, 9223372036854775807n],
};

export interface SequenceOptions {
  readonly options: readonly pg.DefElem[];
  readonly type?: number;
}

function numberOf(node: Node | undefined): bigint {
  if (node === undefined) return 0n;
  if (node.Integer !== undefined) return BigInt(node.Integer.ival ?? 0);
  if (node.Float !== undefined) return BigInt(node.Float.fval ?? "0");
  return BigInt(stringOf(node) || "0");
}

/** A sequence from its options; `before` when it is altered. @throws PgError 22023 */
export function sequenceFrom(
  ddl: Ddl,
  id: number,
  options: readonly pg.DefElem[],
  before: Sequence | undefined,
  defaultType: number = oid.int8,
): { sequence: Sequence; restart: bigint | undefined; ownedBy: readonly string[] | undefined } {
  const given = new Map(options.map((option) => [option.defname ?? "", option.arg as Node | undefined]));
  const has = (name: string) => given.has(name) && given.get(name) !== undefined;
  let type = before?.type ?? defaultType;
  if (has("as")) {
    type = resolveTypeName(analyserOf(ddl).ctx, given.get("as")!.TypeName!).type;
    if (limits[type] === undefined)
      throw new PgError("22023", "sequence type must be smallint, integer, or bigint");
  }
  const [least, most] = limits[type] ?? limits[oid.int8]!;
  const increment = has("increment") ? numberOf(given.get("increment")) : (before?.increment ?? 1n);
  if (increment === 0n) throw new PgError("22023", "INCREMENT must not be zero");
  const isUp = increment > 0n;
  const isTypeChanged = before !== undefined && before.type !== type;
  const max = has("maxvalue")
    ? numberOf(given.get("maxvalue"))
    : before !== undefined && !given.has("maxvalue") && !isTypeChanged
      ? before.max
      : isUp
        ? most
        : -1n;
  const min = has("minvalue")
    ? numberOf(given.get("minvalue"))
    : before !== undefined && !given.has("minvalue") && !isTypeChanged
      ? before.min
      : isUp
        ? 1n
        : least;
  if (max > most || max < least)
    throw new PgError("22023", `MAXVALUE (${max}) is out of range for sequence data type ${typeWord(type)}`);
  if (min > most || min < least)
    throw new PgError("22023", `MINVALUE (${min}) is out of range for sequence data type ${typeWord(type)}`);
  if (min >= max) throw new PgError("22023", `MINVALUE (${min}) must be less than MAXVALUE (${max})`);
  const start = has("start") ? numberOf(given.get("start")) : (before?.start ?? (isUp ? min : max));
  if (start < min) throw new PgError("22023", `START value (${start}) cannot be less than MINVALUE (${min})`);
  if (start > max)
    throw new PgError("22023", `START value (${start}) cannot be greater than MAXVALUE (${max})`);
  const cache = has("cache") ? numberOf(given.get("cache")) : (before?.cache ?? 1n);
  if (cache <= 0n) throw new PgError("22023", `CACHE (${cache}) must be greater than zero`);
  const cycle = given.has("cycle") ? given.get("cycle")?.Boolean?.boolval === true : (before?.cycle ?? false);
  const restart = given.has("restart")
    ? has("restart")
      ? numberOf(given.get("restart"))
      : start
    : undefined;
  const ownedBy = given.has("owned_by")
    ? strings(given.get("owned_by")?.List?.items as Node[] | undefined)
    : undefined;
  const sequence: Sequence = {
    oid: id,
    type,
    start,
    increment,
    min,
    max,
    cache,
    cycle,
    ...(before?.ownedBy === undefined ? {} : { ownedBy: before.ownedBy }),
  };
  return { sequence, restart, ownedBy };
}

function typeWord(type: number): string {
  return type === oid.int2 ? "smallint" : type === oid.int4 ? "integer" : "bigint";
}

export function makeSequence(
  ddl: Ddl,
  namespace: number,
  name: string,
  options: readonly pg.DefElem[],
  type: number,
  ownedBy: Sequence["ownedBy"],
  persistence: Relation["persistence"] = "p",
): Relation {
  checkNameFree(ddl, namespace, name);
  const id = newOid(ddl);
  const { sequence } = sequenceFrom(ddl, id, options, undefined, type);
  const column = (attnum: number, columnName: string, columnType: number) => ({
    attnum,
    name: columnName,
    type: columnType,
    typmod: -1,
    notNull: true,
    collation: 0,
  });
  const relation: Relation = {
    oid: id,
    name,
    namespace,
    kind: "S",
    owner: ddl.owner,
    typeOid: 0,
    persistence,
    columns: [
      column(1, "last_value", oid.int8),
      column(2, "log_cnt", oid.int8),
      column(3, "is_called", oid.bool),
    ],
    ...initialRights(ddl, "S", namespace),
    ...(persistence === "t" ? { session: ddl.sessionId } : {}),
  };
  ddl.catalog.set("relation", relation);
  ddl.catalog.set("sequence", ownedBy === undefined ? sequence : { ...sequence, ownedBy });
  return relation;
}

export function createSequence(ddl: Ddl, node: pg.CreateSeqStmt): void {
  const name = node.sequence!;
  const namespace = targetNamespace(ddl, name);
  if (
    node.if_not_exists === true &&
    ddl.catalog.relationByName(namespace, name.relname ?? "") !== undefined
  ) {
    ddl.notice(`relation "${name.relname}" already exists, skipping`);
    return;
  }
  const options = ((node.options ?? []) as Node[]).map((option) => option.DefElem!);
  const relation = makeSequence(
    ddl,
    namespace,
    name.relname!,
    options,
    oid.int8,
    undefined,
    (name.relpersistence as Relation["persistence"]) ?? "p",
  );
  const { ownedBy } = sequenceFrom(ddl, relation.oid, options, undefined);
  if (ownedBy !== undefined) setOwner(ddl, relation.oid, ownedBy);
}

function setOwner(ddl: Ddl, id: number, path: readonly string[]): void {
  const sequence = ddl.catalog.get("sequence", id)!;
  if (path.length === 1 && path[0] === "none") {
    const { ownedBy: _gone, ...rest } = sequence;
    ddl.catalog.set("sequence", rest);
    return;
  }
  const column = path.at(-1)!;
  const schema = path.at(-3);
  const table = requireRelation(ddl, {
    relname: path.at(-2)!,
    ...(schema === undefined ? {} : { schemaname: schema }),
  });
  const found = table.columns.find((c) => c.name === column && c.dropped !== true);
  if (found === undefined)
    throw new PgError("42703", `column "${column}" of relation "${table.name}" does not exist`);
  ddl.catalog.set("sequence", {
    ...sequence,
    ownedBy: { relation: table.oid, attnum: found.attnum, identity: false },
  });
}

export function alterSequence(ddl: Ddl, node: pg.AlterSeqStmt): void {
  let relation: Relation;
  try {
    relation = requireRelation(ddl, node.sequence!, ["S"], "sequence");
  } catch (error) {
    if (node.missing_ok !== true || (error as PgError).code !== "42P01") throw error;
    ddl.notice(`relation "${node.sequence?.relname}" does not exist, skipping`);
    return;
  }
  requireRelationOwner(ddl, relation);
  const before = ddl.catalog.get("sequence", relation.oid)!;
  const options = ((node.options ?? []) as Node[]).map((option) => option.DefElem!);
  const { sequence, restart, ownedBy } = sequenceFrom(ddl, relation.oid, options, before);
  ddl.catalog.set("sequence", sequence);
  if (restart !== undefined) {
    if (restart < sequence.min || restart > sequence.max)
      throw new PgError(
        "22023",
        `RESTART value (${restart}) cannot be ${restart < sequence.min ? `less than MINVALUE (${sequence.min})` : `greater than MAXVALUE (${sequence.max})`}`,
      );
    ddl.restartSequence(relation.oid, restart);
  }
  if (ownedBy !== undefined) setOwner(ddl, relation.oid, ownedBy);
}
