import { PgError } from "../errors.ts";
import { lsnText } from "../types/lsn.ts";
import { oid } from "../types/oids.ts";
import { booleanOption, type OutputPlugin, type PluginOptions, type PluginOutput } from "./output-plugin.ts";
import type { Cell, ShapeColumn, TableShape } from "./shape.ts";
import type { LogicalChange, LogicalTransaction, RowChange } from "./transaction.ts";

/** The plugin wal2json: a JSON text for each transaction (format 1), or for each of its changes (format 2). */
export function wal2json(options: PluginOptions): OutputPlugin {
  const set = optionsOf(options);
  return { isBinary: false, write: (transaction) => (set.format === 1 ? whole : single)(set, transaction) };
}

const flags = {
  "include-xids": false,
  "include-timestamp": false,
  "include-schemas": true,
  "include-types": true,
  "include-type-oids": false,
  "include-typmod": true,
  "include-not-null": false,
  "include-pk": false,
  "include-lsn": false,
  "include-transaction": true,
  "include-unchanged-toast": true,
  "include-domain-data-type": false,
  "include-column-positions": false,
  "include-origin": false,
  "include-default": false,
  "numeric-data-types-as-string": false,
  "pretty-print": false,
  "write-in-chunks": false,
};

/** What is read and has no effect here: the rest of the flags is refused when it is set. */
const without: ReadonlySet<string> = new Set(["include-unchanged-toast", "include-origin"]);
const refused: ReadonlySet<string> = new Set([
  "include-domain-data-type",
  "include-default",
  "pretty-print",
  "write-in-chunks",
]);

type Flag = keyof typeof flags;

interface Options {
  readonly has: Readonly<Record<Flag, boolean>>;
  readonly format: 1 | 2;
  readonly actions: ReadonlySet<string>;
  /** Undefined for all tables. */
  readonly tables: readonly TablePattern[] | undefined;
  readonly leftOut: readonly TablePattern[];
}

interface TablePattern {
  /** Undefined for any. */
  readonly schema: string | undefined;
  readonly table: string | undefined;
}

/** @throws PgError 22023, 0A000 */
function optionsOf(options: PluginOptions): Options {
  const has = { ...flags };
  let format: 1 | 2 = 1;
  let actions = new Set(["insert", "update", "delete", "truncate"]);
  let tables: readonly TablePattern[] | undefined;
  let leftOut: readonly TablePattern[] = [];
  for (const [name, value] of options) {
    if (Object.hasOwn(flags, name)) {
      has[name as Flag] = booleanOption(name, value);
      if (refused.has(name) && has[name as Flag])
        throw new PgError("0A000", `the option "${name}" of wal2json is not supported`);
    } else if (name === "format-version") {
      if (value !== "1" && value !== "2")
        throw new PgError("22023", `client sent format_version=${value} but we only support formats 1 and 2`);
      format = value === "1" ? 1 : 2;
    } else if (name === "actions") actions = new Set((value ?? "").split(",").map((word) => word.trim()));
    else if (name === "add-tables") tables = patternsOf(value ?? "");
    else if (name === "filter-tables") leftOut = patternsOf(value ?? "");
    else throw new PgError("22023", `option "${name}" = "${value ?? "(null)"}" is unknown`);
  }
  for (const name of without) has[name as Flag] = false;
  return { has, format, actions, tables, leftOut };
}

/** `schema.table`, with `*` for any of them; a backslash takes the meaning from the character behind it. */
function patternsOf(text: string): readonly TablePattern[] {
  return text
    .split(/(?<!\\),/)
    .map((item) => item.trim())
    .filter((item) => item !== "")
    .map((item) => {
      const [schema, table] = item.split(/(?<!\\)\./);
      if (schema === undefined || table === undefined)
        throw new PgError("22023", `could not parse value "${text}" for a list of tables`);
      const part = (name: string) => (name === "*" ? undefined : name.replace(/\\(.)/g, "$1"));
      return { schema: part(schema), table: part(table) };
    });
}

function fits(patterns: readonly TablePattern[], { schema, name }: TableShape): boolean {
  return patterns.some(
    (pattern) =>
      (pattern.schema === undefined || pattern.schema === schema) &&
      (pattern.table === undefined || pattern.table === name),
  );
}

function isWanted({ tables, leftOut }: Options, shape: TableShape): boolean {
  return (tables === undefined || fits(tables, shape)) && !fits(leftOut, shape);
}

const words = { I: "insert", U: "update", D: "delete", T: "truncate" } as const;

/** A row that changed and that somebody could find: its replica identity is known. */
function isTold(options: Options, change: LogicalChange): change is RowChange {
  if (change.op === "T" || !options.actions.has(words[change.op]) || !isWanted(options, change.shape))
    return false;
  return change.op === "I" || identityOf(change) !== undefined;
}

/** The old row's key, or all of it; the new one's where the key has not changed. */
function identityOf({ shape, old, new: next, isWhole }: RowChange): readonly Place[] | undefined {
  const cells = old ?? next;
  if (cells === undefined) return undefined;
  const places = shape.columns.flatMap((column, at) =>
    column.isKey || isWhole ? [{ column, cell: cells[at] ?? null }] : [],
  );
  return places.length === 0 ? undefined : places;
}

interface Place {
  readonly column: ShapeColumn;
  readonly cell: Cell;
}

function placesOf({ shape, new: next }: RowChange): readonly Place[] {
  return shape.columns.map((column, at) => ({ column, cell: next![at] ?? null }));
}

/** An object of the members that are there, each already JSON. */
function object(...members: readonly (readonly [name: string, json: string | undefined])[]): string {
  const texts = members.flatMap(([name, json]) => (json === undefined ? [] : [`"${name}":${json}`]));
  return `{${texts.join(",")}}`;
}

const list = (items: readonly string[]) => `[${items.join(",")}]`;

function* whole(options: Options, transaction: LogicalTransaction): Generator<PluginOutput> {
  const { has } = options;
  const changes = transaction.changes.filter((change) => isTold(options, change));
  const data = object(
    ["xid", has["include-xids"] ? String(transaction.xid) : undefined],
    ["nextlsn", has["include-lsn"] ? JSON.stringify(lsnText(transaction.endLsn)) : undefined],
    ["timestamp", has["include-timestamp"] ? timestamp(transaction) : undefined],
    ["change", list(changes.map((change) => changeOf(options, change)))],
  );
  yield { lsn: transaction.endLsn, data: Buffer.from(data) };
}

function changeOf(options: Options, change: RowChange): string {
  const { has } = options;
  const { op, shape } = change;
  const columns = op === "D" ? undefined : placesOf(change);
  const keys = op === "I" ? undefined : identityOf(change)!;
  const each = (places: readonly Place[] | undefined, of: (place: Place) => string) =>
    places && list(places.map(of));
  const oldKeys =
    keys &&
    object(
      ["keynames", each(keys, nameOf)],
      ["keytypes", has["include-types"] ? each(keys, (place) => typeOf(options, place)) : undefined],
      ["keytypeoids", has["include-type-oids"] ? each(keys, typeOidOf) : undefined],
      ["keyvalues", each(keys, (place) => cellJson(options, place))],
    );
  return object(
    ["kind", JSON.stringify(words[op])],
    ["schema", has["include-schemas"] ? JSON.stringify(shape.schema) : undefined],
    ["table", JSON.stringify(shape.name)],
    ["pk", op !== "D" && has["include-pk"] ? primaryKey(options, shape, 1) : undefined],
    ["columnnames", each(columns, nameOf)],
    ["columnpositions", has["include-column-positions"] ? each(columns, positionOf) : undefined],
    ["columntypes", has["include-types"] ? each(columns, (place) => typeOf(options, place)) : undefined],
    ["columntypeoids", has["include-type-oids"] ? each(columns, typeOidOf) : undefined],
    ["columnoptionals", has["include-not-null"] ? each(columns, optionalOf) : undefined],
    ["columnvalues", each(columns, (place) => cellJson(options, place))],
    ["oldkeys", oldKeys],
  );
}

function* single(options: Options, transaction: LogicalTransaction): Generator<PluginOutput> {
  const { has } = options;
  const line = (
    lsn: bigint,
    action: string,
    ...members: readonly (readonly [string, string | undefined])[]
  ) => ({
    lsn,
    data: Buffer.from(
      object(
        ["action", JSON.stringify(action)],
        ["xid", has["include-xids"] ? String(transaction.xid) : undefined],
        ["timestamp", has["include-timestamp"] ? timestamp(transaction) : undefined],
        ["lsn", has["include-lsn"] ? JSON.stringify(lsnText(lsn)) : undefined],
        [
          "nextlsn",
          has["include-lsn"] && "BC".includes(action)
            ? JSON.stringify(lsnText(transaction.endLsn))
            : undefined,
        ],
        ...members,
      ),
    ),
  });
  const named = ({ schema, name }: TableShape) =>
    [
      ["schema", has["include-schemas"] ? JSON.stringify(schema) : undefined],
      ["table", JSON.stringify(name)],
    ] as const;
  if (has["include-transaction"]) yield line(transaction.beginLsn, "B");
  for (const change of transaction.changes) {
    if (change.op === "T") {
      if (!options.actions.has("truncate")) continue;
      for (const shape of change.shapes)
        if (isWanted(options, shape)) yield line(change.lsn, "T", ...named(shape));
      continue;
    }
    if (!isTold(options, change)) continue;
    const { op, shape, lsn } = change;
    const columnsOf = (places: readonly Place[]) => list(places.map((place) => columnOf(options, place)));
    yield line(
      lsn,
      op,
      ...named(shape),
      ["columns", op === "D" ? undefined : columnsOf(placesOf(change))],
      ["identity", op === "I" ? undefined : columnsOf(identityOf(change)!)],
      ["pk", has["include-pk"] ? primaryKey(options, shape, 2) : undefined],
    );
  }
  if (has["include-transaction"]) yield line(transaction.endLsn, "C");
}

function columnOf(options: Options, place: Place): string {
  const { has } = options;
  return object(
    ["name", nameOf(place)],
    ["type", has["include-types"] ? typeOf(options, place) : undefined],
    ["typeoid", has["include-type-oids"] ? typeOidOf(place) : undefined],
    ["value", cellJson(options, place)],
    ["optional", has["include-not-null"] ? optionalOf(place) : undefined],
    ["position", has["include-column-positions"] ? positionOf(place) : undefined],
  );
}

function primaryKey(options: Options, { identity, columns }: TableShape, format: 1 | 2): string | undefined {
  const keys = identity === "d" ? columns.filter(({ isKey }) => isKey) : [];
  if (keys.length === 0) return undefined;
  const places = keys.map((column) => ({ column, cell: null }));
  if (format === 2)
    return list(places.map((place) => object(["name", nameOf(place)], ["type", typeOf(options, place)])));
  return object(
    ["pknames", list(places.map(nameOf))],
    [
      "pktypes",
      options.has["include-types"] ? list(places.map((place) => typeOf(options, place))) : undefined,
    ],
  );
}

const nameOf = ({ column }: Place) => JSON.stringify(column.name);
const positionOf = ({ column }: Place) => String(column.attnum);
const typeOidOf = ({ column }: Place) => String(column.type);
const optionalOf = ({ column }: Place) => String(!column.notNull);

function typeOf({ has }: Options, { column }: Place): string {
  return JSON.stringify(has["include-typmod"] ? column.fullTypeName : column.typeName);
}

const numbers: ReadonlySet<number> = new Set([
  oid.int2,
  oid.int4,
  oid.int8,
  oid.oid,
  oid.float4,
  oid.float8,
  oid.numeric,
]);

function cellJson({ has }: Options, { column: { type }, cell }: Place): string {
  if (cell === null) return "null";
  if (numbers.has(type)) {
    if (has["numeric-data-types-as-string"]) return JSON.stringify(cell);
    // JSON has no NaN and no Infinity.
    return /^-?\d/.test(cell) ? cell : "null";
  }
  if (type === oid.bool) return cell === "t" ? "true" : "false";
  return JSON.stringify(type === oid.bytea ? cell.replace(/^\\x/, "") : cell);
}

function timestamp({ committedUs }: LogicalTransaction): string {
  const [day, time] = new Date(Number(committedUs / 1000n) + Date.UTC(2000, 0)).toISOString().split("T");
  return JSON.stringify(`${day} ${time!.replace(/\.?0*Z$/, "")}+00`);
}
