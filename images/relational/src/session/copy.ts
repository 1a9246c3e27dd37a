import { deparseSync } from "pgsql-deparser";
import { AnalyseContext } from "../analyse/context.ts";
import { findRelation } from "../analyse/from.ts";
import { hasInsteadTrigger } from "../analyse/view-options.ts";
import type { Column, Relation } from "../catalog/model.ts";
import { type CopyOptions, copyOptions, requireKnown, type WrittenOption } from "../copy/options.ts";
import { BinaryReader } from "../copy/read-binary.ts";
import { CsvReader, type ForcedColumns } from "../copy/read-csv.ts";
import { TextReader } from "../copy/read-text.ts";
import {
  binaryHeader,
  binaryRow,
  binaryTrailer,
  ChunkWriter,
  csvLine,
  textLine,
} from "../copy/write-rows.ts";
import { notSupported, PgError } from "../errors.ts";
import { type Node, type pg, strings } from "../parse/ast.ts";
import { parse } from "../parse/parse.ts";
import type { Datum, Row } from "../types/datum.ts";
import { typeOps } from "../types/registry.ts";
import { requireDefinitions, underDefinitions } from "./definitions.ts";
import { makeExec } from "./exec.ts";
import { openPortal } from "./portal.ts";
import { currentPlan, type PreparedStatement, prepareStatement } from "./prepare.ts";
import { type Limits, runLimited } from "./running.ts";
import type { SessionState } from "./state.ts";
import type { CopyIn, CopyOut } from "./types.ts";
import { defineUtility } from "./utility.ts";

/** Rows that are stored with one step of the transaction. */
const rowsAtOnce = 256;
const rowsFetched = 500;

function optionsOf(stmt: pg.CopyStmt, direction: "in" | "out"): CopyOptions {
  const written = (stmt.options ?? []).map((node): WrittenOption => {
    const { defname = "", arg } = (node as Node).DefElem ?? {};
    requireKnown(defname);
    return [defname, optionValue(arg as Node | undefined)];
  });
  return copyOptions(written, direction);
}

function optionValue(node: Node | undefined): WrittenOption[1] {
  if (node === undefined) return undefined;
  if (node.String !== undefined) return node.String.sval ?? "";
  if (node.Integer !== undefined) return String(node.Integer.ival ?? 0);
  if (node.Float !== undefined) return node.Float.fval ?? "";
  if (node.Boolean !== undefined) return node.Boolean.boolval === true ? "true" : "false";
  if (node.A_Star !== undefined) return "all";
  if (node.List !== undefined) return strings(node.List.items as Node[] | undefined);
  return undefined;
}

/** The table of a COPY, with the columns that it names or all of them. @throws PgError 42P01, 42703, 42701, 42809 */
function targetOf(
  session: SessionState,
  stmt: pg.CopyStmt,
): { relation: Relation; columns: readonly Column[] } {
  const relation = findRelation(new AnalyseContext(session.io, [], false), stmt.relation ?? {});
  const named = strings(stmt.attlist as Node[] | undefined);
  const live = relation.columns.filter((column) => column.dropped !== true);
  if (named.length === 0)
    return { relation, columns: live.filter((column) => column.generated === undefined) };
  const columns = named.map((name, index) => {
    const column = live.find((each) => each.name === name);
    if (column === undefined) {
      throw new PgError("42703", `column "${name}" of relation "${relation.name}" does not exist`);
    }
    if (named.indexOf(name) !== index)
      throw new PgError("42701", `column "${name}" specified more than once`);
    if (column.generated !== undefined) {
      throw new PgError("42P10", `column "${name}" is a generated column`, {
        detail: "Generated columns cannot be used in COPY.",
      });
    }
    return column;
  });
  return { relation, columns };
}

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;

function tableText(session: SessionState, relation: Relation): string {
  return `${quoted(session.catalog.get("namespace", relation.namespace)?.name ?? "public")}.${quoted(relation.name)}`;
}

function prepareText(session: SessionState, text: string, oids: readonly number[]): PreparedStatement {
  return prepareStatement(session, parse(text)[0], oids, text);
}

/** COPY ... FROM STDIN: an INSERT that is run for each row. */
export function startCopyIn(session: SessionState, stmt: pg.CopyStmt): CopyIn {
  const options = optionsOf(stmt, "in");
  const { relation, columns } = targetOf(session, stmt);
  if (relation.kind === "v" && !hasInsteadTrigger(session.catalog, relation, "insert"))
    throw new PgError("42809", `cannot copy to view "${relation.name}"`, {
      hint: "To enable copying to a view, provide an INSTEAD OF INSERT trigger.",
    });
  return new TableCopyIn(session, stmt, options, relation, columns);
}

class TableCopyIn implements CopyIn {
  readonly format: 0 | 1;
  readonly columnCount: number;
  readonly #session: SessionState;
  readonly #stmt: pg.CopyStmt;
  readonly #options: CopyOptions;
  readonly #relation: Relation;
  readonly #columns: readonly Column[];
  readonly #reader: TextReader | CsvReader | BinaryReader;
  /** INSERTs by which columns have their defaults; as a rule one. */
  readonly #inserts = new Map<string, PreparedStatement>();
  #waiting: { readonly insert: PreparedStatement; readonly params: readonly Datum[] }[] = [];
  #isHeaderRead: boolean;
  #line = 0;
  #copied = 0;
  #skipped = 0n;

  constructor(
    session: SessionState,
    stmt: pg.CopyStmt,
    options: CopyOptions,
    relation: Relation,
    columns: readonly Column[],
  ) {
    this.#session = session;
    this.#stmt = stmt;
    this.#options = options;
    this.#relation = relation;
    this.#columns = columns;
    this.format = options.format === "binary" ? 1 : 0;
    this.columnCount = columns.length;
    this.#isHeaderRead = options.header === false;
    this.#reader =
      options.format === "binary"
        ? new BinaryReader(columns.length)
        : options.format === "csv"
          ? new CsvReader(options, this.#forced())
          : new TextReader(options);
    // Before the first row: what is wrong with the table or the rights is told at once.
    this.#insertFor(undefined);
  }

  async write(chunk: Uint8Array): Promise<void> {
    await this.#guarded(async () => {
      if (this.#reader instanceof BinaryReader) {
        for (const fields of this.#reader.read(chunk)) await this.#binary(fields);
      } else {
        for (const { fields, line, defaults } of this.#reader.read(chunk))
          await this.#text(fields, line, defaults);
      }
    });
  }

  async finish(): Promise<string> {
    await this.#guarded(async () => {
      if (this.#reader instanceof BinaryReader) this.#reader.end();
      else
        for (const { fields, line, defaults } of this.#reader.end()) await this.#text(fields, line, defaults);
      await this.#store();
    });
    if (this.#skipped > 0n) {
      const rows = this.#skipped === 1n ? "row was" : "rows were";
      this.#session.notice("NOTICE", `${this.#skipped} ${rows} skipped due to data type incompatibility`);
    }
    return `COPY ${this.#copied}`;
  }

  async fail(message: string): Promise<PgError> {
    await this.#session.fail();
    return new PgError("57014", `COPY from stdin failed: ${message}`, {
      where: `COPY ${this.#relation.name}, line ${this.#line + 1}`,
    });
  }

  async #guarded(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      await this.#session.fail();
      throw this.#session.report(error, undefined, "");
    }
  }

  #forced(): ForcedColumns {
    const indexes = (names: readonly string[] | "all", option: string) =>
      new Set(
        names === "all"
          ? this.#columns.keys()
          : names.map((name) => {
              const index = this.#columns.findIndex((column) => column.name === name);
              if (index < 0) throw new PgError("42P10", `${option} column "${name}" not referenced by COPY`);
              return index;
            }),
      );
    return {
      null: indexes(this.#options.forceNull, "FORCE_NULL"),
      notNull: indexes(this.#options.forceNotNull, "FORCE_NOT_NULL"),
    };
  }

  #insertFor(defaults: ReadonlySet<number> | undefined): PreparedStatement {
    const key = defaults === undefined ? "" : [...defaults].join();
    let insert = this.#inserts.get(key);
    if (insert !== undefined) return insert;
    const columns = this.#columns.filter((_, index) => defaults?.has(index) !== true);
    const table = tableText(this.#session, this.#relation);
    const names = columns.map(({ name }) => quoted(name)).join(", ");
    const values = columns.map((_, index) => `$${index + 1}`).join(", ");
    const { whereClause } = this.#stmt;
    const source =
      columns.length === 0
        ? "DEFAULT VALUES"
        : whereClause === undefined
          ? `(${names}) OVERRIDING SYSTEM VALUE VALUES (${values})`
          : `(${names}) OVERRIDING SYSTEM VALUE SELECT * FROM (VALUES (${values})) AS ${quoted(this.#relation.name)} (${names}) WHERE ${deparseSync(whereClause as never)}`;
    insert = prepareText(
      this.#session,
      `INSERT INTO ${table} ${source}`,
      columns.map(({ type }) => type),
    );
    this.#inserts.set(key, insert);
    return insert;
  }

  async #text(
    fields: readonly (string | null)[],
    line: number,
    defaults: ReadonlySet<number> | undefined,
  ): Promise<void> {
    this.#line = line;
    if (!this.#isHeaderRead) {
      this.#isHeaderRead = true;
      this.#checkHeader(fields);
      return;
    }
    const { catalog, io } = this.#session;
    const where = `COPY ${this.#relation.name}, line ${line}`;
    if (fields.length < this.#columns.length) {
      const missing = this.#columns[fields.length]!.name;
      // An empty line is a row of no columns, where there are none.
      throw new PgError("22P04", `missing data for column "${missing}"`, { where });
    }
    if (fields.length > this.#columns.length && !(this.#columns.length === 0 && fields[0] === "")) {
      throw new PgError("22P04", "extra data after last expected column", { where });
    }
    const params: Datum[] = [];
    for (const [index, column] of this.#columns.entries()) {
      if (defaults?.has(index) === true) continue;
      const field = fields[index]!;
      try {
        params.push(field === null ? null : typeOps(catalog, column.type).input(field, column.typmod, io));
      } catch (error) {
        if (this.#options.ignoresErrors && error instanceof PgError && error.code.startsWith("22")) {
          this.#skip();
          return;
        }
        throw within(error, `${where}, column ${column.name}: "${field}"`);
      }
    }
    await this.#add(this.#insertFor(defaults), params);
  }

  #skip(): void {
    this.#skipped++;
    const { rejectLimit } = this.#options;
    if (rejectLimit !== undefined && this.#skipped > rejectLimit) {
      throw new PgError(
        "22P02",
        `skipped more than REJECT_LIMIT (${rejectLimit}) rows due to data type incompatibility`,
      );
    }
  }

  #checkHeader(fields: readonly (string | null)[]): void {
    if (this.#options.header !== "match") return;
    if (fields.length !== this.#columns.length) {
      throw new PgError(
        "22P04",
        `wrong number of fields in header line: got ${fields.length}, expected ${this.#columns.length}`,
      );
    }
    for (const [index, { name }] of this.#columns.entries()) {
      const found = fields[index];
      if (found === name) continue;
      const got = found === null ? `got null value ("${this.#options.null}")` : `got "${found}"`;
      throw new PgError(
        "22P04",
        `column name mismatch in header line field ${index + 1}: ${got}, expected "${name}"`,
      );
    }
  }

  async #binary(fields: readonly (Buffer | null)[]): Promise<void> {
    this.#line++;
    const { catalog, io } = this.#session;
    const params = fields.map((field, index) => {
      const column = this.#columns[index]!;
      try {
        // The chunk's bytes are used again.
        return field === null
          ? null
          : typeOps(catalog, column.type).receive(Buffer.from(field), column.typmod, io);
      } catch (error) {
        throw within(error, `COPY ${this.#relation.name}, line ${this.#line}, column ${column.name}`);
      }
    });
    await this.#add(this.#insertFor(undefined), params);
  }

  async #add(insert: PreparedStatement, params: readonly Datum[]): Promise<void> {
    this.#waiting.push({ insert, params });
    if (this.#waiting.length >= rowsAtOnce) await this.#store();
  }

  async #store(): Promise<void> {
    const rows = this.#waiting;
    if (rows.length === 0) return;
    this.#waiting = [];
    const session = this.#session;
    const block = session.transactions.current();
    if (block.isReadOnly) throw new PgError("25006", "cannot execute COPY FROM in a read-only transaction");
    block.hasQueried = true;
    const transaction = session.transactions.transaction(block);
    const deferred = block.deferred.length;
    const copy = (limits: Limits) => {
      const { catalog } = session;
      const plans = rows.map(({ insert, params }) => ({ plan: currentPlan(session, insert), params }));
      return transaction.runInSlices(function* (work) {
        requireDefinitions(session.catalog, catalog);
        // A wait for a lock undoes the work and runs it again from here.
        block.deferred.splice(deferred);
        let affected = 0;
        const exec = makeExec(session, block, work.db, work, []);
        exec.firesStatementTriggers = false;
        for (const { plan, params } of plans) {
          exec.params = params;
          exec.affected = 0;
          exec.ctes.clear();
          for (const row of plan.run(exec)) if (row === null) yield;
          affected += exec.affected;
          if (affected % 32 === 0) yield;
        }
        for (const [oid, isReset] of exec.touchedSequences)
          session.database.sequences.save(work, oid, isReset);
        return affected;
      }, limits);
    };
    this.#copied += await runLimited(session, (limits) => underDefinitions(() => copy(limits)));
  }
}

/** The same error, with where in the data it was found. */
function within(error: unknown, where: string): unknown {
  if (!(error instanceof PgError)) return error;
  return new PgError(error.code, error.message, { ...error.details, where });
}

/** COPY ... TO STDOUT: a SELECT whose rows are written as COPY writes them. */
export function startCopyOut(session: SessionState, stmt: pg.CopyStmt): CopyOut {
  const options = optionsOf(stmt, "out");
  const prepared = prepareText(session, selectText(session, stmt), []);
  const columns = prepared.columns;
  if (columns === undefined) throw new PgError("0A000", "COPY query must have a RETURNING clause");
  return {
    format: options.format === "binary" ? 1 : 0,
    columnCount: columns.length,
    chunks: () => copyRows(session, prepared, options),
  };
}

function selectText(session: SessionState, stmt: pg.CopyStmt): string {
  if (stmt.query !== undefined) return deparseSync(stmt.query as never);
  const { relation, columns } = targetOf(session, stmt);
  if (relation.kind === "v") {
    throw new PgError("42809", `cannot copy from view "${relation.name}"`, {
      hint: "Try the COPY (SELECT ...) TO variant.",
    });
  }
  if (relation.kind === "S") throw new PgError("42809", `cannot copy from sequence "${relation.name}"`);
  return `SELECT ${columns.map(({ name }) => quoted(name)).join(", ")} FROM ${tableText(session, relation)}`;
}

async function* copyRows(
  session: SessionState,
  prepared: PreparedStatement,
  options: CopyOptions,
): AsyncGenerator<Uint8Array, string, void> {
  const columns = prepared.columns!;
  const { catalog } = session;
  const ops = columns.map(({ typeOid }) => typeOps(catalog, typeOid));
  const { forceQuote } = options;
  const forced = columns.map(({ name }) => forceQuote === "all" || forceQuote.includes(name));
  const writer = new ChunkWriter();
  const text = (row: Row) =>
    row.map((value, index) => (value === null ? null : ops[index]!.output(value, session.io)));
  const write = (row: Row) => {
    if (options.format === "binary") {
      writer.add(
        binaryRow(row.map((value, index) => (value === null ? null : ops[index]!.send(value, session.io)))),
      );
    } else if (options.format === "csv") {
      writer.add(Buffer.from(csvLine(text(row), options, (index) => forced[index]!)));
    } else writer.add(Buffer.from(textLine(text(row), options)));
  };
  if (options.format === "binary") writer.add(binaryHeader());
  else if (options.header !== false) {
    const names = columns.map(({ name }) => name);
    writer.add(
      Buffer.from(options.format === "csv" ? csvLine(names, options, () => false) : textLine(names, options)),
    );
  }
  let count = 0;
  const portal = openPortal(session, prepared, []);
  try {
    for (let isDone = false; !isDone; ) {
      const { rows, done } = await portal.fetch(rowsFetched);
      for (const row of rows) write(row);
      count += rows.length;
      if (writer.isFull) yield writer.take();
      isDone = done;
    }
  } finally {
    portal.close();
  }
  if (options.format === "binary") writer.add(binaryTrailer());
  if (!writer.isEmpty) yield writer.take();
  return `COPY ${count}`;
}

// The protocol runs a COPY over the connection by `copyIn` and `copyOut`; a portal has nothing to run.
defineUtility("CopyStmt", (_session, node) => {
  const { filename, is_program } = node.CopyStmt ?? {};
  if (is_program === true) throw notSupported("COPY with PROGRAM");
  if (filename !== undefined) {
    throw new PgError("0A000", "COPY with a file on the server is not supported", {
      hint: "Use STDIN or STDOUT, or psql's \\copy.",
    });
  }
  return { columns: undefined, run: () => Promise.reject(notSupported("COPY in this place")) };
});
