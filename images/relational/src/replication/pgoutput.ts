import type { Publication, Relation } from "../catalog/model.ts";
import {
  columnsPublished,
  type Published,
  type PublishedAction,
  publicationNamed,
  publishedBy,
} from "../catalog/publications.ts";
import { PgError } from "../errors.ts";
import { storageIo } from "../storage/codec.ts";
import type { Row } from "../types/datum.ts";
import { typeOps } from "../types/registry.ts";
import {
  booleanOption,
  type OutputPlugin,
  type PluginContext,
  type PluginOptions,
  type PluginOutput,
} from "./output-plugin.ts";
import {
  beginMessage,
  commitMessage,
  deleteMessage,
  insertMessage,
  type OldRow,
  relationMessage,
  type SentValue,
  truncateMessage,
  typeMessage,
  updateMessage,
} from "./pgoutput-messages.ts";
import { type Cell, type ShapeColumn, shapingOf, type TableShape } from "./shape.ts";
import type { LogicalTransaction, RowChange, TruncateChange } from "./transaction.ts";

const protocolMin = 1;
const protocolMax = 4;

interface Options {
  readonly isBinary: boolean;
  readonly publications: readonly string[];
}

/** @throws PgError 0A000, 22023, 42602 */
function optionsOf(options: PluginOptions): Options {
  let protocol: number | undefined;
  let publications: readonly string[] | undefined;
  let isBinary = false;
  const seen = new Set<string>();
  for (const [name, value] of options) {
    if (seen.has(name)) throw new PgError("42601", "conflicting or redundant options");
    seen.add(name);
    switch (name) {
      case "proto_version":
        if (!/^\d{1,9}$/.test(value ?? "")) throw new PgError("22023", "invalid proto_version");
        protocol = Number(value);
        break;
      case "publication_names":
        publications = namesOf(value ?? "");
        break;
      case "binary":
        isBinary = booleanOption(name, value);
        break;
      // Transactions are sent when they are committed, which all of these allow; all changes are local ones.
      case "streaming":
        if (value !== "parallel") booleanOption(name, value);
        break;
      case "messages":
      case "two_phase":
        booleanOption(name, value);
        break;
      case "origin":
        if (value !== "none" && value !== "any")
          throw new PgError("22023", `unrecognized origin value: "${value}"`);
        break;
      default:
        throw new PgError("XX000", `unrecognized pgoutput option: ${name}`);
    }
  }
  if (protocol === undefined) throw new PgError("22023", 'option "proto_version" missing');
  if (publications === undefined) throw new PgError("22023", 'option "publication_names" missing');
  if (protocol > protocolMax)
    throw new PgError(
      "0A000",
      `client sent proto_version=${protocol} but server only supports protocol ${protocolMax} or lower`,
    );
  if (protocol < protocolMin)
    throw new PgError(
      "0A000",
      `client sent proto_version=${protocol} but server only supports protocol ${protocolMin} or higher`,
    );
  return { isBinary, publications };
}

/** Identifiers with commas between them. @throws PgError 42602 */
function namesOf(text: string): readonly string[] {
  const names = [...text.matchAll(/\s*(?:"((?:[^"]|"")*)"|([^\s",]+))\s*(,|$)/gy)];
  const length = names.reduce((sum, [whole]) => sum + whole.length, 0);
  if (names.length === 0 || length !== text.length || names.at(-1)![3] === ",")
    throw new PgError("42602", "invalid publication_names syntax");
  return names.map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain!.toLowerCase());
}

/** The plugin pgoutput: what subscriptions read. A transaction of which nothing is published is not told. */
export function pgoutput(options: PluginOptions, context: PluginContext): OutputPlugin {
  return new Pgoutput(optionsOf(options), context);
}

/** How one table is told, as long as neither its own nor the other definitions change. */
interface Route {
  readonly published: Published;
  /** The table that rows are told of. */
  readonly target: TableShape;
  readonly columns: readonly { readonly column: ShapeColumn; readonly from: number }[];
  /** Undefined where every row is sent. */
  readonly filters: ReadonlyMap<PublishedAction, RowFilter>;
}

interface KnownRoute {
  readonly version: number;
  readonly text: string;
  /** Undefined where nothing of the table is published. */
  readonly route: Route | undefined;
}

/** Asked of cells in the order of the changed table's columns. */
type RowFilter = (cells: readonly Cell[]) => boolean;

class Pgoutput implements OutputPlugin {
  readonly isBinary = true;
  readonly #options: Options;
  readonly #context: PluginContext;
  /** Of tables that were told, as they were. */
  readonly #told = new Map<number, string>();
  /** Found by the shape, which is another object in each transaction, or by what it says. */
  readonly #routes = new WeakMap<TableShape, KnownRoute>();
  readonly #lastRoutes = new Map<number, KnownRoute>();

  constructor(options: Options, context: PluginContext) {
    this.#options = options;
    this.#context = context;
  }

  *write(transaction: LogicalTransaction): Generator<PluginOutput> {
    const { commitLsn, endLsn, committedUs, xid } = transaction;
    let hasBegun = false;
    for (const change of transaction.changes) {
      const messages = change.op === "T" ? this.#truncate(change) : this.#row(change);
      for (const data of messages) {
        if (!hasBegun) {
          hasBegun = true;
          yield { lsn: transaction.beginLsn, data: beginMessage(commitLsn, committedUs, xid) };
        }
        yield { lsn: change.lsn, data };
      }
    }
    if (hasBegun) yield { lsn: endLsn, data: commitMessage(commitLsn, endLsn, committedUs) };
  }

  *#row(change: RowChange): Generator<Buffer> {
    const route = this.#routeOf(change.shape);
    if (route === undefined) return;
    const action = ({ I: "insert", U: "update", D: "delete" } as const)[change.op];
    if (!route.published.actions.has(action)) return;
    const op = filtered(change, route.filters.get(action));
    // Without an old row nobody could tell which one is gone.
    if (op === undefined || (op === "D" && change.old === undefined)) return;
    yield* this.#tell(route, change.shape);
    const { oid } = route.target;
    const sent = (cells: readonly Cell[]) =>
      route.columns.map(({ column, from }) => this.#sent(column, cells[from] ?? null));
    const old: OldRow | undefined = change.old && {
      kind: change.isWhole ? "O" : "K",
      row: sent(change.old),
    };
    if (op === "I") yield insertMessage(oid, sent(change.new!));
    else if (op === "U") yield updateMessage(oid, old, sent(change.new!));
    else yield deleteMessage(oid, old!);
  }

  #sent({ type }: ShapeColumn, cell: Cell): SentValue {
    if (cell === null || !this.#options.isBinary) return cell;
    const { catalog } = this.#context;
    if (catalog.type(type) === undefined) return cell;
    const ops = typeOps(catalog, type);
    const io = storageIo(catalog);
    return Buffer.from(ops.send(ops.input(cell, -1, io), io));
  }

  *#truncate({ shapes, cascade, restart }: TruncateChange): Generator<Buffer> {
    const told: number[] = [];
    for (const shape of shapes) {
      const route = this.#routeOf(shape);
      if (route === undefined || !route.published.actions.has("truncate")) continue;
      // Told with the partitioned table.
      if (route.target.oid !== shape.oid) continue;
      yield* this.#tell(route, shape);
      told.push(shape.oid);
    }
    if (told.length > 0) yield truncateMessage(told, cascade, restart);
  }

  /** The table that rows are told of, and the one that they are in, unless both were told of the latter before as they are now. */
  *#tell({ target, columns }: Route, shape: TableShape): Generator<Buffer> {
    const shown = columns.map(({ column }) => column);
    const messages = tableMessages(target, shown);
    if (target.oid !== shape.oid)
      messages.push(
        ...tableMessages(
          shape,
          shape.columns.filter(({ name }) => shown.some((column) => column.name === name)),
        ),
      );
    const text = Buffer.concat(messages).toString("latin1");
    if (this.#told.get(shape.oid) === text) return;
    this.#told.set(shape.oid, text);
    yield* messages;
  }

  #routeOf(shape: TableShape): Route | undefined {
    const { version } = this.#context.catalog;
    const known = this.#routes.get(shape);
    if (known?.version === version) return known.route;
    const text = known?.text ?? JSON.stringify(shape);
    const last = this.#lastRoutes.get(shape.oid);
    const next =
      last?.version === version && last.text === text
        ? last
        : { version, text, route: this.#makeRoute(shape) };
    this.#routes.set(shape, next);
    this.#lastRoutes.set(shape.oid, next);
    return next.route;
  }

  #makeRoute(shape: TableShape): Route | undefined {
    const { catalog } = this.#context;
    const publications = this.#options.publications.map((name) => {
      const publication = publicationNamed(catalog, name);
      if (publication === undefined) throw new PgError("42704", `publication "${name}" does not exist`);
      return publication;
    });
    const relation = catalog.get("relation", shape.oid) ?? goneRelation(this.#context, shape);
    const published = publishedBy(catalog, publications, relation);
    if (published === undefined) return undefined;
    const target = published.as === relation ? shape : shapingOf(catalog, published.as).shape;
    const names = columnNames(published, relation);
    const columns = target.columns.flatMap((column) => {
      if (names === undefined ? column.isGenerated : !names.has(column.name)) return [];
      const from = shape.columns.findIndex(({ name }) => name === column.name);
      return from < 0 ? [] : [{ column, from }];
    });
    return { published, target, columns, filters: this.#filters(published, shape) };
  }

  #filters({ as, by, actions }: Published, shape: TableShape): ReadonlyMap<PublishedAction, RowFilter> {
    const filters = new Map<PublishedAction, RowFilter>();
    for (const action of actions) {
      const those = by.filter(({ publication }) => publication[action]);
      // What one of them sends without asking is sent.
      if (those.some(({ table }) => table?.where === undefined)) continue;
      const tests = those.map(({ table }) => this.#context.rowFilter(as, table!.where!));
      filters.set(action, (cells) => {
        const row = rowOf(this.#context, as, shape, cells);
        return tests.some((test) => test(row));
      });
    }
    return filters;
  }
}

function tableMessages(shape: TableShape, columns: readonly ShapeColumn[]): Buffer[] {
  const types = columns.flatMap(({ type, made }) =>
    made === undefined ? [] : [typeMessage(type, made.schema, made.name)],
  );
  return [...types, relationMessage(shape, columns)];
}

/** A table that was dropped since is published where all tables, or those of its schema, are. */
function goneRelation({ catalog }: PluginContext, shape: TableShape): Relation {
  return {
    oid: shape.oid,
    name: shape.name,
    namespace: catalog.namespaceByName(shape.schema)?.oid ?? 0,
    kind: "r",
    owner: 0,
    columns: [],
    typeOid: 0,
    persistence: "p",
  };
}

/** Undefined for all columns that are not generated. @throws PgError 22023 when the publications do not agree */
function columnNames({ as, by }: Published, relation: Relation): ReadonlySet<string> | undefined {
  const lists = by.map(({ publication, table }) => listOf(publication, as, table));
  const [first] = lists;
  if (lists.some((list) => list?.join() !== first?.join()))
    throw new PgError(
      "22023",
      `cannot use different column lists for table "${relation.name}" in different publications`,
    );
  return first && new Set(first);
}

function listOf(
  publication: Publication,
  as: Relation,
  table: Published["by"][number]["table"],
): readonly string[] | undefined {
  if (table?.columns === undefined && !publication.generated) return undefined;
  return columnsPublished(publication, as, table).map(({ name }) => name);
}

/** A row of the table that a filter is of, by its attnums. */
function rowOf({ catalog }: PluginContext, as: Relation, shape: TableShape, cells: readonly Cell[]): Row {
  const io = storageIo(catalog);
  const row: Row = [];
  for (const { attnum, name, type, dropped } of as.columns) {
    const from = dropped === true ? -1 : shape.columns.findIndex((column) => column.name === name);
    const cell = from < 0 ? null : (cells[from] ?? null);
    row[attnum - 1] = cell === null ? null : typeOps(catalog, type).input(cell, -1, io);
  }
  return row;
}

/**
 * What a change is to those who see only the rows that fit: an update may bring a row into sight, or out of it. Without an old row
 * the filter is of columns that have not changed.
 */
function filtered(change: RowChange, filter: RowFilter | undefined): RowChange["op"] | undefined {
  const { op, old } = change;
  if (filter === undefined) return op;
  if (op === "I") return filter(change.new!) ? "I" : undefined;
  if (op === "D") return old !== undefined && filter(old) ? "D" : undefined;
  const isSeen = filter(change.new!);
  if (old === undefined) return isSeen ? "U" : undefined;
  // Outside of the replica identity the old row is not known; nor may a filter of updates ask there.
  const before = change.isWhole
    ? old
    : old.map((cell, at) => cell ?? (change.shape.columns[at]!.isKey ? null : change.new![at]!));
  const wasSeen = filter(before);
  return isSeen ? (wasSeen ? "U" : "I") : wasSeen ? "D" : undefined;
}
