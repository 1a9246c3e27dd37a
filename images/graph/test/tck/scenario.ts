import type { Pickle, PickleStep } from "@cucumber/messages";
import type { SecurityContext } from "@weftkit/auth";
import type { Store } from "@weftkit/store";
import type { CypherError } from "../../src/errors.ts";
import type { ProcedureDefinition } from "../../src/procedures/definition.ts";
import { findProcedure } from "../../src/procedures/registry.ts";
import { GraphDatabase } from "../../src/session/database.ts";
import { equals } from "../../src/values/compare.ts";
import type { Hydrated } from "../../src/values/hydrated-entities.ts";
import type { Value } from "../../src/values/types.ts";
import { canonical, canonicalExpected } from "./expected-values.ts";

const user: SecurityContext = { user: "tck", roles: ["superuser"], can: () => true, scope: () => "all" };

interface Outcome {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Hydrated[])[];
}

/** What the graph has, to be compared with what it has later. */
interface State {
  readonly nodes: ReadonlySet<string>;
  readonly relationships: ReadonlySet<string>;
  readonly properties: ReadonlySet<string>;
  readonly labels: ReadonlySet<string>;
}

export class Mismatch extends Error {}

/** Runs one scenario. @throws Mismatch, with what was expected and what came */
export class Scenario {
  readonly #store: Store;
  readonly #pickle: Pickle;
  readonly #graphs: (name: string) => string;
  readonly #procedures = new Map<string, ProcedureDefinition>();
  #database!: GraphDatabase;
  #parameters = new Map<string, Value>();
  #outcome: Outcome | undefined;
  #error: CypherError | undefined;
  #before: State | undefined;

  constructor(store: Store, pickle: Pickle, graphs: (name: string) => string) {
    this.#store = store;
    this.#pickle = pickle;
    this.#graphs = graphs;
  }

  async run(): Promise<void> {
    await this.#store.write((db) => {
      for (const table of ["node", "node_label", "rel", "token", "schema_rule", "index_entry"])
        db.exec(`DELETE FROM ${table}`);
    });
    this.#database = await GraphDatabase.open(this.#store, {
      findProcedure: (name) => this.#procedures.get(name) ?? findProcedure(name),
    });
    for (const step of this.#pickle.steps) await this.#step(step);
    // What nobody has asked about must have succeeded.
    if (this.#error !== undefined) throw new Mismatch(`failed: ${this.#error.code} ${this.#error.message}`);
  }

  async #step(step: PickleStep): Promise<void> {
    const { text } = step;
    const table = step.argument?.dataTable?.rows.map(({ cells }) => cells.map(({ value }) => value));
    const doc = step.argument?.docString?.content ?? "";
    const named = /^the (.+) graph$/.exec(text);
    const raised = /^an? (\w+) should be raised at (compile time|runtime|any time): (\S+)$/.exec(text);
    if (text === "an empty graph" || text === "any graph") return;
    if (named !== null) await this.#execute(this.#graphs(named[1]!), new Map());
    else if (text === "having executed:") await this.#execute(doc, new Map());
    else if (text.startsWith("there exists a procedure "))
      this.#declare(text.slice("there exists a procedure ".length), table ?? []);
    else if (text === "parameters are:") await this.#readParameters(table!);
    else if (text === "executing query:" || text === "executing control query:") await this.#query(doc);
    else if (text === "the result should be, in any order:") this.#compare(table!, false, false);
    else if (text === "the result should be, in order:") this.#compare(table!, true, false);
    else if (text === "the result should be (ignoring element order for lists):")
      this.#compare(table!, false, true);
    else if (text === "the result should be, in order (ignoring element order for lists):")
      this.#compare(table!, true, true);
    else if (text === "the result should be empty") this.#compare(undefined, false, false);
    else if (text === "no side effects") await this.#compareEffects([]);
    else if (text === "the side effects should be:") await this.#compareEffects(table!);
    else if (raised !== null) this.#compareError(raised[1]!, raised[2]!, raised[3]!);
    else throw new Error(`unknown step: ${text}`);
  }

  async #execute(query: string, parameters: ReadonlyMap<string, Value>): Promise<Outcome> {
    const transaction = this.#database.begin({
      user,
      accessMode: "WRITE",
      isImplicit: true,
      timeoutMs: 20_000,
    });
    try {
      const result = await transaction.run(query, parameters);
      const rows = await result.pull(Number.POSITIVE_INFINITY);
      return { columns: result.prepared.columns, rows };
    } finally {
      if (transaction.isOpen) transaction.rollback();
    }
  }

  async #query(text: string): Promise<void> {
    this.#outcome = undefined;
    this.#before = await this.#state();
    try {
      this.#outcome = await this.#execute(text, this.#parameters);
    } catch (error) {
      this.#error = error as CypherError;
    }
  }

  async #readParameters(table: string[][]): Promise<void> {
    for (const [name = "", value = ""] of table) {
      const { rows } = await this.#execute(`RETURN ${value} AS value`, new Map());
      this.#parameters.set(name, rows[0]![0] as Value);
    }
  }

  #declare(signature: string, table: string[][]): void {
    const match = /^([\w.]+)\((.*?)\) :: \((.*?)\)/.exec(signature);
    if (match === null) throw new Error(`a signature that cannot be read: ${signature}`);
    const fields = (text: string) =>
      text
        .split(",")
        .map((part) => part.trim())
        .filter((part) => part !== "")
        .map((part) => {
          const [name = "", type = ""] = part.split("::").map((word) => word.trim());
          return { name, type };
        });
    const [args, columns] = [fields(match[2]!), fields(match[3]!)];
    const [head = [], ...body] = table;
    const rows = body.map((cells) => new Map(head.map((name, i) => [name, cellValue(cells[i]!)])));
    this.#procedures.set(match[1]!, {
      name: match[1]!,
      description: "",
      mode: "READ",
      args,
      columns: columns.map(({ name, type }) => ({ name, type, static: "any" as const })),
      call: (values) =>
        rows
          .filter((row) =>
            args.every(
              ({ name }, i) =>
                equals(row.get(name) ?? null, values[i]!) === true ||
                (row.get(name) === null && values[i] === null),
            ),
          )
          .map((row) => columns.map(({ name }) => row.get(name) ?? null)),
    });
  }

  #compare(table: string[][] | undefined, inOrder: boolean, ignoresListOrder: boolean): void {
    if (this.#error !== undefined) throw new Mismatch(`failed: ${this.#error.code} ${this.#error.message}`);
    const { columns, rows } = this.#outcome!;
    const expectedColumns = table?.[0] ?? columns;
    if (table !== undefined && [...expectedColumns].sort().join() !== [...columns].sort().join())
      throw new Mismatch(`columns ${columns.join()} instead of ${expectedColumns.join()}`);
    const places = expectedColumns.map((name) => columns.indexOf(name));
    const came = rows.map((row) =>
      places.map((place) => canonical(row[place]!, ignoresListOrder)).join(" | "),
    );
    const wanted = (table ?? [])
      .slice(1)
      .map((cells) => cells.map((cell) => canonicalExpected(cell, ignoresListOrder)).join(" | "));
    const [a, b] = inOrder ? [came, wanted] : [came.toSorted(), wanted.toSorted()];
    if (a.length !== b.length || a.some((text, i) => text !== b[i]))
      throw new Mismatch(
        `rows\n      ${a.slice(0, 8).join("\n      ")}\n   instead of\n      ${b.slice(0, 8).join("\n      ")}`,
      );
  }

  #compareError(kind: string, phase: string, detail: string): void {
    const error = this.#error;
    this.#error = undefined;
    if (error === undefined) throw new Mismatch(`no ${kind} at ${phase}: ${detail}`);
    const codes: Readonly<Record<string, string>> = {
      ConstraintVerificationFailed: "ConstraintValidationFailed",
      ProcedureError: "ProcedureNotFound",
    };
    if (kind !== "*" && error.code.split(".").at(-1) !== (codes[kind] ?? kind))
      throw new Mismatch(`${error.code} (${error.message.split("\n")[0]}) instead of ${kind}: ${detail}`);
    const came = error.phase === "compile" ? "compile time" : "runtime";
    if (phase !== "any time" && came !== phase)
      throw new Mismatch(
        `at ${came} instead of ${phase}: ${kind} ${detail}: ${error.message.split("\n")[0]}`,
      );
  }

  async #state(): Promise<State> {
    const { tokens } = this.#database;
    const dump = async (query: string) => (await this.#execute(query, new Map())).rows;
    const nodes = await dump("MATCH (n) RETURN id(n), labels(n), properties(n)");
    const rels = await dump("MATCH ()-[r]->() RETURN id(r), properties(r)");
    void tokens;
    const properties = new Set<string>();
    const note = (kind: string, id: Hydrated, map: Hydrated): void => {
      for (const [key, value] of map as ReadonlyMap<string, Hydrated>)
        properties.add(`${kind}${String(id)}.${key}=${canonical(value)}`);
    };
    for (const [id, , map] of nodes) note("n", id!, map!);
    for (const [id, map] of rels) note("r", id!, map!);
    return {
      nodes: new Set(nodes.map(([id]) => String(id))),
      relationships: new Set(rels.map(([id]) => String(id))),
      properties,
      labels: new Set(nodes.flatMap(([, labels]) => labels as readonly string[])),
    };
  }

  async #compareEffects(table: string[][]): Promise<void> {
    if (this.#error !== undefined) throw new Mismatch(`failed: ${this.#error.code} ${this.#error.message}`);
    const before = this.#before!;
    const after = await this.#state();
    const found = new Map<string, number>();
    for (const what of ["nodes", "relationships", "properties", "labels"] as const) {
      found.set(`+${what}`, missing(after[what], before[what]));
      found.set(`-${what}`, missing(before[what], after[what]));
    }
    const wanted = new Map(table.map(([name = "", count = "0"]) => [name, Number(count)]));
    for (const [name, count] of found)
      if (count !== (wanted.get(name) ?? 0))
        throw new Mismatch(`side effects ${name} ${count} instead of ${wanted.get(name) ?? 0}`);
  }
}

/** How many of these the others do not have. */
function missing(these: ReadonlySet<string>, others: ReadonlySet<string>): number {
  return [...these].filter((item) => !others.has(item)).length;
}

/** A cell of a procedure's table. */
function cellValue(cell: string): Value {
  const text = canonicalExpected(cell);
  if (text === "null") return null;
  if (text === "true" || text === "false") return text === "true";
  if (text.startsWith('"')) return JSON.parse(text) as string;
  return /^-?\d+$/.test(text) ? BigInt(text) : Number(text);
}
