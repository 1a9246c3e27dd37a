import { readFileSync } from "node:fs";
import { isAbsolute, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import type { Store } from "@weftkit/store";
import { CypherError } from "../errors.ts";
import type { FindProcedure } from "../procedures/definition.ts";
import { findProcedure } from "../procedures/registry.ts";
import { showToQuery } from "../procedures/show.ts";
import { FullTextWriter } from "../storage/full-text.ts";
import { Schema } from "../storage/schema.ts";
import { Tokens } from "../storage/tokens.ts";
import { GraphTransaction, type TransactionOptions } from "./graph-transaction.ts";
import { type PreparedQuery, prepareQuery, type QueryType } from "./prepared-query.ts";

const plansMax = 1000;
/** Longer texts are planned each time they come: they are data, and do not come again. */
const cachedTextLengthMax = 20_000;

/** The graph of one store. */
export class GraphDatabase {
  readonly store: Store;
  readonly tokens: Tokens;
  readonly fullText = new FullTextWriter();
  readonly id: string;
  schema: Schema;
  onQuery: (type: QueryType) => void = () => {};
  /** Transactions that are open, for SHOW TRANSACTIONS and the shutdown. */
  readonly transactions = new Set<GraphTransaction>();
  readonly #plans = new Map<string, PreparedQuery>();
  readonly #findProcedure: FindProcedure;
  /** The folder of `file:///` URLs; undefined where there is none. */
  readonly #importFolder: string | undefined;
  #lastCommit = 0;

  private constructor(store: Store, tokens: Tokens, schema: Schema, id: string, options: DatabaseOptions) {
    this.store = store;
    this.tokens = tokens;
    this.schema = schema;
    this.id = id;
    this.#findProcedure = options.findProcedure ?? findProcedure;
    this.#importFolder = options.importFolder;
  }

  static open(store: Store, options: DatabaseOptions = {}): Promise<GraphDatabase> {
    return store.read((db) => {
      const id = db.prepare("SELECT value FROM meta WHERE key = 'database_id'").pluck().get() as string;
      return new GraphDatabase(store, Tokens.load(db), Schema.load(db), id, options);
    });
  }

  /** The plan of a text, from the last time if there was one. @throws CypherError */
  prepare(text: string, schema = this.schema): PreparedQuery {
    const isShared = schema === this.schema && text.length <= cachedTextLengthMax;
    let prepared = isShared ? this.#plans.get(text) : undefined;
    if (prepared !== undefined) {
      this.#plans.delete(text);
      this.#plans.set(text, prepared);
      return prepared;
    }
    prepared = prepareQuery(text, schema, this.#findProcedure, showToQuery);
    if (isShared) {
      if (this.#plans.size >= plansMax) this.#plans.delete(this.#plans.keys().next().value!);
      this.#plans.set(text, prepared);
    }
    return prepared;
  }

  begin(options: TransactionOptions): GraphTransaction {
    return new GraphTransaction(this, options);
  }

  /** Takes over the rules that a commit has brought. */
  replaceSchema(schema: Schema): void {
    this.schema = schema;
    this.#plans.clear();
  }

  /** What causal clients name to see what they have written; there is one server, so that they always do. */
  bookmark(): string {
    return `FB:${this.id}:${this.#lastCommit}`;
  }

  committed(): void {
    this.#lastCommit++;
  }

  /** The text of a file for LOAD CSV. @throws CypherError for whatever is not a file of the import folder */
  readImport(url: string): string {
    const failed = (why: string, cause?: unknown) =>
      new CypherError(
        "Neo.ClientError.Statement.ExternalResourceFailed",
        `Cannot load from URL '${url}': ${why}`,
        { cause },
      );
    if (!url.startsWith("file:")) throw failed("only files of the import folder can be loaded");
    if (this.#importFolder === undefined) throw failed("there is no import folder");
    let path: string;
    try {
      path = normalize(decodeURIComponent(url.replace(/^file:\/*/, "")));
    } catch (error) {
      throw failed("invalid URL specified", error);
    }
    if (path.startsWith("..") || isAbsolute(path)) throw failed("the file is outside of the import folder");
    try {
      return readFileSync(join(this.#importFolder, path), "utf8");
    } catch (error) {
      throw failed(`Couldn't load the external resource at: ${fileURLToPath(`file:///${path}`)}`, error);
    }
  }
}

export interface DatabaseOptions {
  readonly findProcedure?: FindProcedure;
  readonly importFolder?: string | undefined;
}
