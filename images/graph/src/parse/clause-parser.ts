import { syntaxError } from "../errors.ts";
import type {
  CallProcedure,
  CallSubquery,
  Clause,
  Expr,
  Hint,
  LabelName,
  MatchClause,
  Projection,
  ProjectionItem,
  Query,
  RemoveItem,
  SetItem,
  SingleQuery,
  SortItem,
} from "./ast.ts";
import { PatternParser } from "./pattern-parser.ts";

const clauseWords = [
  "MATCH",
  "OPTIONAL",
  "UNWIND",
  "WITH",
  "RETURN",
  "CREATE",
  "INSERT",
  "MERGE",
  "SET",
  "REMOVE",
  "DELETE",
  "DETACH",
  "NODETACH",
  "FOREACH",
  "CALL",
  "LOAD",
  "FINISH",
  "USE",
];

/** What begins a clause that sorts or cuts the rows as they are. */
const sortingWords = ["SKIP", "OFFSET", "LIMIT"];

/** Clauses and queries. */
export class ClauseParser extends PatternParser {
  query(): Query {
    const { at } = this.cursor;
    const parts = [this.#singleQuery()];
    const unionAll: boolean[] = [];
    while (this.cursor.takeWord("UNION")) {
      const isAll = this.cursor.takeWord("ALL");
      if (!isAll) this.cursor.takeWord("DISTINCT");
      unionAll.push(isAll);
      parts.push(this.#singleQuery());
    }
    return { kind: "query", at, parts, unionAll };
  }

  protected isQueryAhead(): boolean {
    const { cursor } = this;
    if (cursor.isAnyWord(clauseWords) || cursor.isWord("ORDER", "BY")) return true;
    return cursor.isAnyWord(sortingWords);
  }

  /** What stands in the braces of EXISTS, COUNT and COLLECT: a query, or a pattern with a WHERE. */
  protected subqueryBody(): Query {
    const { cursor } = this;
    const { at } = cursor;
    if (this.isQueryAhead()) {
      const parsed = cursor.attempt(() => {
        const query = this.query();
        if (!cursor.isSymbol("}")) throw cursor.unexpected("'}'");
        return query;
      });
      if (parsed !== undefined) return parsed;
      if (cursor.peek().kind !== "symbol" || !cursor.isSymbol("=", 1)) return this.query();
    }
    const match: MatchClause = {
      kind: "match",
      at,
      isOptional: false,
      patterns: this.patterns(),
      where: cursor.takeWord("WHERE") ? this.expression() : undefined,
      hints: [],
    };
    return { kind: "query", at, parts: [{ clauses: [match], graph: undefined }], unionAll: [] };
  }

  #singleQuery(): SingleQuery {
    const { cursor } = this;
    let graph: SingleQuery["graph"];
    if (cursor.isWord("USE")) {
      const { at } = cursor.next();
      cursor.takeWord("GRAPH");
      let name = cursor.name("a database");
      while (cursor.takeSymbol(".")) name += `.${cursor.name()}`;
      graph = { at, name };
    }
    const clauses: Clause[] = [];
    while (this.isQueryAhead()) clauses.push(this.#clause());
    if (clauses.length === 0) throw cursor.unexpected(clauseWords.map((word) => `'${word}'`).join(", "));
    return { clauses, graph };
  }

  #clause(): Clause {
    return this.cursor.nested(() => this.#clauseAt());
  }

  #clauseAt(): Clause {
    const { cursor } = this;
    const { at } = cursor;
    if (cursor.takeWord("OPTIONAL")) {
      if (cursor.isWord("CALL")) return this.#call(at, true);
      cursor.word("MATCH");
      return this.#match(at, true);
    }
    if (cursor.takeWord("MATCH")) return this.#match(at, false);
    if (cursor.takeWord("UNWIND")) {
      const list = this.expression();
      cursor.word("AS");
      return { kind: "unwind", at, list, variable: cursor.name() };
    }
    if (cursor.takeWord("WITH")) {
      const projection = this.#projection(at);
      return {
        kind: "with",
        at,
        projection,
        where: cursor.takeWord("WHERE") ? this.expression() : undefined,
      };
    }
    if (cursor.takeWord("RETURN")) return { kind: "return", at, projection: this.#projection(at) };
    if (cursor.takeWord("FINISH")) return { kind: "finish", at };
    if (cursor.takeWord("CREATE") || cursor.takeWord("INSERT"))
      return { kind: "create", at, patterns: this.patterns() };
    if (cursor.takeWord("MERGE")) return this.#merge(at);
    if (cursor.takeWord("SET")) return { kind: "set", at, items: this.setItems() };
    if (cursor.takeWord("REMOVE")) return { kind: "remove", at, items: this.#removeItems() };
    if (cursor.isAnyWord(["DELETE", "DETACH", "NODETACH"])) return this.#delete(at);
    if (cursor.takeWord("FOREACH")) return this.#foreach(at);
    if (cursor.isWord("CALL")) return this.#call(at, false);
    if (cursor.takeWord("LOAD", "CSV")) return this.#loadCsv(at);
    if (cursor.isWord("ORDER") || cursor.isAnyWord(sortingWords)) {
      const projection = { at, isDistinct: false, includesAll: true, items: [], ...this.sorting() };
      return { kind: "with", at, projection, where: undefined };
    }
    throw cursor.unexpected("a clause");
  }

  #match(at: number, isOptional: boolean): MatchClause {
    const { cursor } = this;
    if (cursor.takeWord("DIFFERENT", "RELATIONSHIPS") || cursor.takeWord("DIFFERENT", "RELATIONSHIP"))
      cursor.takeWord("BINDINGS");
    const patterns = this.patterns();
    const hints: Hint[] = [];
    while (cursor.isWord("USING")) hints.push(this.#hint());
    return {
      kind: "match",
      at,
      isOptional,
      patterns,
      hints,
      where: cursor.takeWord("WHERE") ? this.expression() : undefined,
    };
  }

  #hint(): Hint {
    const { cursor } = this;
    const { at } = cursor.next();
    if (cursor.takeWord("JOIN")) {
      cursor.word("ON");
      const variables = [cursor.name()];
      while (cursor.takeSymbol(",")) variables.push(cursor.name());
      return { kind: "join", at, variables, label: undefined, properties: [] };
    }
    if (cursor.takeWord("SCAN")) {
      const variables = [cursor.name()];
      cursor.symbol(":");
      return { kind: "scan", at, variables, label: cursor.name(), properties: [] };
    }
    for (const type of ["RANGE", "TEXT", "POINT"]) cursor.takeWord(type);
    cursor.word("INDEX");
    cursor.takeWord("SEEK");
    const variables = [cursor.name()];
    cursor.symbol(":");
    const label = cursor.name();
    cursor.symbol("(");
    const properties = [cursor.name()];
    while (cursor.takeSymbol(",")) properties.push(cursor.name());
    cursor.symbol(")");
    return { kind: "index", at, variables, label, properties };
  }

  #projection(at: number): Projection {
    const { cursor } = this;
    const isDistinct = cursor.takeWord("DISTINCT");
    const items: ProjectionItem[] = [];
    let includesAll = false;
    if (cursor.takeSymbol("*")) {
      includesAll = true;
      if (cursor.takeSymbol(",")) this.#items(items);
    } else this.#items(items);
    const { orderBy, skip, limit } = this.sorting();
    return { at, isDistinct, includesAll, items, orderBy, skip, limit };
  }

  sorting(): { orderBy: SortItem[]; skip: Expr | undefined; limit: Expr | undefined } {
    const { cursor } = this;
    const orderBy: SortItem[] = [];
    if (cursor.takeWord("ORDER", "BY")) {
      do {
        const expression = this.expression();
        const isDescending = cursor.takeWord("DESC") || cursor.takeWord("DESCENDING");
        if (!isDescending) void (cursor.takeWord("ASC") || cursor.takeWord("ASCENDING"));
        orderBy.push({ expression, isDescending });
      } while (cursor.takeSymbol(","));
    }
    const skip = cursor.takeWord("SKIP") || cursor.takeWord("OFFSET") ? this.expression() : undefined;
    const limit = cursor.takeWord("LIMIT") ? this.expression() : undefined;
    return { orderBy, skip, limit };
  }

  #items(items: ProjectionItem[]): void {
    const { cursor } = this;
    do {
      const { at } = cursor;
      const expression = this.expression();
      const text = cursor.text.slice(at, cursor.lastEnd);
      const alias = cursor.takeWord("AS") ? cursor.name() : undefined;
      items.push({ at, expression, alias, text });
    } while (cursor.takeSymbol(","));
  }

  returnProjection(at: number): Projection {
    return this.#projection(at);
  }

  #merge(at: number): Clause {
    const { cursor } = this;
    const pattern = this.pathPattern();
    const onCreate: SetItem[] = [];
    const onMatch: SetItem[] = [];
    for (;;) {
      if (cursor.takeWord("ON", "CREATE")) {
        cursor.word("SET");
        onCreate.push(...this.setItems());
      } else if (cursor.takeWord("ON", "MATCH")) {
        cursor.word("SET");
        onMatch.push(...this.setItems());
      } else return { kind: "merge", at, pattern, onCreate, onMatch };
    }
  }

  setItems(): SetItem[] {
    const items: SetItem[] = [];
    do items.push(this.#setItem());
    while (this.cursor.takeSymbol(","));
    return items;
  }

  #setItem(): SetItem {
    const { cursor } = this;
    const { at } = cursor;
    if (cursor.isName) {
      if (cursor.isSymbol("=", 1)) {
        const variable = cursor.name();
        cursor.symbol("=");
        return { kind: "replace", at, variable, value: this.expression() };
      }
      if (cursor.isSymbol("+=", 1)) {
        const variable = cursor.name();
        cursor.symbol("+=");
        return { kind: "merge", at, variable, value: this.expression() };
      }
      if (
        cursor.isSymbol(":", 1) ||
        (cursor.peek().kind === "name" && cursor.peek().text.toUpperCase() === "IS")
      ) {
        const variable = cursor.name();
        return { kind: "labels", at, variable, labels: this.#labelNames() };
      }
    }
    const target = this.#propertyTarget();
    cursor.symbol("=");
    return { kind: "property", at, ...target, value: this.expression() };
  }

  /** `n.name`, `(expression).name`, `n[expression]`; everything but the last step is an expression of its own. */
  #propertyTarget(): { object: Expr; key: Expr | string } {
    const { cursor } = this;
    const { at } = cursor;
    const start = this.#targetBase(at);
    let object = start;
    for (;;) {
      const step = cursor.at;
      if (cursor.takeSymbol(".")) {
        const key = cursor.name("a property name");
        if (!cursor.isSymbol(".") && !cursor.isSymbol("[")) return { object, key };
        object = { kind: "property", at: step, object, key };
      } else {
        cursor.symbol("[");
        const key = this.expression();
        cursor.symbol("]");
        if (!cursor.isSymbol(".") && !cursor.isSymbol("[")) return { object, key };
        object = { kind: "index", at: step, object, index: key };
      }
    }
  }

  #targetBase(at: number): Expr {
    const { cursor } = this;
    if (cursor.takeSymbol("(")) {
      const inner = this.expression();
      cursor.symbol(")");
      return inner;
    }
    return { kind: "variable", at, name: cursor.name() };
  }

  #labelNames(): LabelName[] {
    const { cursor } = this;
    const labels: LabelName[] = [];
    if (cursor.takeWord("IS")) labels.push(this.#labelName());
    while (cursor.takeSymbol(":") || (labels.length > 0 && cursor.takeSymbol("&")))
      labels.push(this.#labelName());
    return labels;
  }

  #labelName(): LabelName {
    const { cursor } = this;
    const { at } = cursor;
    if (!cursor.takeSymbol("$")) return { at, name: cursor.name("a label") };
    cursor.takeWord("ALL");
    cursor.symbol("(");
    const expression = this.expression();
    cursor.symbol(")");
    return { at, expression };
  }

  #removeItems(): RemoveItem[] {
    const { cursor } = this;
    const items: RemoveItem[] = [];
    do {
      const { at } = cursor;
      if (
        cursor.isName &&
        (cursor.isSymbol(":", 1) ||
          (cursor.peek().kind === "name" && cursor.peek().text.toUpperCase() === "IS"))
      ) {
        const variable = cursor.name();
        items.push({ kind: "labels", at, variable, labels: this.#labelNames() });
      } else items.push({ kind: "property", at, ...this.#propertyTarget() });
    } while (cursor.takeSymbol(","));
    return items;
  }

  #delete(at: number): Clause {
    const { cursor } = this;
    const isDetach = cursor.takeWord("DETACH");
    if (!isDetach) cursor.takeWord("NODETACH");
    cursor.word("DELETE");
    const expressions = [this.expression()];
    while (cursor.takeSymbol(",")) expressions.push(this.expression());
    return { kind: "delete", at, isDetach, expressions };
  }

  #foreach(at: number): Clause {
    const { cursor } = this;
    cursor.symbol("(");
    const variable = cursor.name();
    cursor.word("IN");
    const list = this.expression();
    cursor.symbol("|");
    const clauses: Clause[] = [];
    while (!cursor.isSymbol(")")) {
      const clause = this.#clause();
      if (!["create", "merge", "set", "remove", "delete", "foreach"].includes(clause.kind))
        throw syntaxError(`Invalid use of ${clause.kind.toUpperCase()} inside FOREACH`, clause.at);
      clauses.push(clause);
    }
    cursor.symbol(")");
    return { kind: "foreach", at, variable, list, clauses };
  }

  #call(at: number, isOptional: boolean): Clause {
    const { cursor } = this;
    cursor.word("CALL");
    if (cursor.isSymbol("{") || cursor.isSymbol("(")) return this.#callSubquery(at, isOptional);
    let name = cursor.name("a procedure");
    while (cursor.takeSymbol(".")) name += `.${cursor.name()}`;
    let args: Expr[] | undefined;
    if (cursor.takeSymbol("(")) {
      args = [];
      if (!cursor.isSymbol(")")) {
        do args.push(this.expression());
        while (cursor.takeSymbol(","));
      }
      cursor.symbol(")");
    }
    const yields = this.yields();
    const where = yields !== undefined && cursor.takeWord("WHERE") ? this.expression() : undefined;
    return { kind: "call", at, isOptional, name, args, yields, where };
  }

  yields(): CallProcedure["yields"] {
    const { cursor } = this;
    if (!cursor.takeWord("YIELD")) return undefined;
    if (cursor.takeSymbol("*")) return "all";
    if (cursor.takeSymbol("-")) return [];
    const yields: { at: number; name: string; alias: string | undefined }[] = [];
    do {
      const { at } = cursor;
      const name = cursor.name();
      yields.push({ at, name, alias: cursor.takeWord("AS") ? cursor.name() : undefined });
    } while (cursor.takeSymbol(","));
    return yields;
  }

  #callSubquery(at: number, isOptional: boolean): CallSubquery {
    const { cursor } = this;
    let imports: CallSubquery["imports"];
    if (cursor.takeSymbol("(")) {
      if (cursor.takeSymbol("*")) imports = "all";
      else {
        const names: { at: number; name: string }[] = [];
        if (!cursor.isSymbol(")")) {
          do names.push({ at: cursor.at, name: cursor.name() });
          while (cursor.takeSymbol(","));
        }
        imports = names;
      }
      cursor.symbol(")");
    }
    cursor.symbol("{");
    const query = this.query();
    cursor.symbol("}");
    return { kind: "subquery", at, isOptional, imports, query, inTransactions: this.#inTransactions() };
  }

  #inTransactions(): CallSubquery["inTransactions"] {
    const { cursor } = this;
    if (!cursor.takeWord("IN")) return undefined;
    if (!cursor.isWord("TRANSACTIONS") && !cursor.isWord("CONCURRENT")) {
      this.expression();
    }
    cursor.takeWord("CONCURRENT");
    cursor.word("TRANSACTIONS");
    let rows: Expr | undefined;
    let onError: "fail" | "continue" | "break" = "fail";
    let reportAs: string | undefined;
    for (;;) {
      if (cursor.takeWord("OF")) {
        rows = this.expression();
        if (!cursor.takeWord("ROWS")) cursor.word("ROW");
      } else if (cursor.takeWord("ON", "ERROR")) {
        if (cursor.takeWord("CONTINUE")) onError = "continue";
        else if (cursor.takeWord("BREAK")) onError = "break";
        else cursor.word("FAIL");
      } else if (cursor.takeWord("REPORT", "STATUS", "AS")) reportAs = cursor.name();
      else return { rows, onError, reportAs };
    }
  }

  #loadCsv(at: number): Clause {
    const { cursor } = this;
    const withHeaders = cursor.takeWord("WITH", "HEADERS");
    cursor.word("FROM");
    const source = this.expression();
    cursor.word("AS");
    const variable = cursor.name();
    let separator: string | undefined;
    if (cursor.takeWord("FIELDTERMINATOR")) {
      if (cursor.token.kind !== "string") throw cursor.unexpected("a string");
      separator = cursor.next().text;
    }
    return { kind: "loadCsv", at, withHeaders, source, variable, separator };
  }
}
