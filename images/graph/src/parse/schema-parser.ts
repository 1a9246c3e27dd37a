import { syntaxError, unsupported } from "../errors.ts";
import type { SchemaCommand, ShowCommand, TypeName } from "./ast.ts";
import type { ClauseParser } from "./clause-parser.ts";
import type { Cursor } from "./cursor.ts";
import { TypeParser } from "./type-parser.ts";

type IndexType = Extract<SchemaCommand, { kind: "createIndex" }>["indexType"];
const indexTypes: readonly IndexType[] = ["RANGE", "TEXT", "POINT", "FULLTEXT", "LOOKUP", "VECTOR"];
const showTargets: readonly (readonly [readonly string[], string])[] = [
  [["INDEXES"], "indexes"],
  [["INDEX"], "indexes"],
  [["CONSTRAINTS"], "constraints"],
  [["CONSTRAINT"], "constraints"],
  [["PROCEDURES"], "procedures"],
  [["PROCEDURE"], "procedures"],
  [["FUNCTIONS"], "functions"],
  [["FUNCTION"], "functions"],
  [["DATABASES"], "databases"],
  [["DATABASE"], "databases"],
  [["TRANSACTIONS"], "transactions"],
  [["TRANSACTION"], "transactions"],
  [["SETTINGS"], "settings"],
  [["SETTING"], "settings"],
  [["USERS"], "users"],
  [["CURRENT", "USER"], "current user"],
  [["ROLES"], "roles"],
  [["PRIVILEGES"], "privileges"],
  [["ALIASES"], "aliases"],
  [["SERVERS"], "servers"],
  [["SUPPORTED", "PRIVILEGES"], "supported privileges"],
];

/** Commands on indexes and constraints, and SHOW. */
export class SchemaParser {
  readonly #parser: ClauseParser;
  readonly #cursor: Cursor;

  constructor(parser: ClauseParser) {
    this.#parser = parser;
    this.#cursor = parser.cursor;
  }

  /** Undefined when there is none. */
  command(): SchemaCommand | ShowCommand | undefined {
    const cursor = this.#cursor;
    const { at } = cursor;
    if (cursor.isWord("SHOW")) return this.#show(at);
    if (cursor.isWord("CREATE")) {
      const type = indexTypes.find((name) => cursor.isWord("CREATE", name, "INDEX"));
      if (type !== undefined || cursor.isWord("CREATE", "INDEX")) {
        cursor.next();
        if (type !== undefined) cursor.next();
        cursor.next();
        return this.#createIndex(at, type ?? "RANGE");
      }
      if (cursor.takeWord("CREATE", "CONSTRAINT")) return this.#createConstraint(at);
      for (const name of ["DATABASE", "USER", "ROLE", "ALIAS", "COMPOSITE"])
        if (cursor.isWord("CREATE", name)) throw unsupported(`CREATE ${name}`);
    }
    if (cursor.takeWord("DROP", "INDEX")) {
      if (cursor.takeWord("ON")) throw syntaxError("Indexes are dropped by their name: DROP INDEX name", at);
      return { kind: "dropIndex", at, name: cursor.name(), ifExists: cursor.takeWord("IF", "EXISTS") };
    }
    if (cursor.takeWord("DROP", "CONSTRAINT"))
      return { kind: "dropConstraint", at, name: cursor.name(), ifExists: cursor.takeWord("IF", "EXISTS") };
    for (const name of ["DATABASE", "USER", "ROLE", "ALIAS"])
      if (cursor.isWord("DROP", name)) throw unsupported(`DROP ${name}`);
    return undefined;
  }

  #nameAndCondition(): { name: string | undefined; ifNotExists: boolean } {
    const cursor = this.#cursor;
    const name =
      cursor.isName && !cursor.isWord("IF", "NOT") && !cursor.isWord("FOR") && !cursor.isWord("ON")
        ? cursor.name()
        : undefined;
    return { name, ifNotExists: cursor.takeWord("IF", "NOT", "EXISTS") };
  }

  /** `(n:Label)` or `()-[r:TYPE]-()`: what it is about, and the variable's name. */
  #target(): { entity: "NODE" | "RELATIONSHIP"; labels: string[]; variable: string } {
    const cursor = this.#cursor;
    cursor.symbol("(");
    if (cursor.takeSymbol(")")) {
      cursor.takeSymbol("<");
      cursor.symbol("-");
      cursor.symbol("[");
      const variable = cursor.name();
      const labels = this.#labels();
      cursor.symbol("]");
      cursor.symbol("-");
      cursor.takeSymbol(">");
      cursor.symbol("(");
      cursor.symbol(")");
      return { entity: "RELATIONSHIP", labels, variable };
    }
    const variable = cursor.name();
    const labels = this.#labels();
    cursor.symbol(")");
    return { entity: "NODE", labels, variable };
  }

  #labels(): string[] {
    const cursor = this.#cursor;
    if (!cursor.takeSymbol(":")) return [];
    const labels = [cursor.name()];
    while (cursor.takeSymbol("|")) {
      cursor.takeSymbol(":");
      labels.push(cursor.name());
    }
    return labels;
  }

  #properties(variable: string, close: ")" | "]"): string[] {
    const cursor = this.#cursor;
    const properties: string[] = [];
    do {
      const { at } = cursor;
      if (cursor.name() !== variable) throw syntaxError(`Variable \`${variable}\` expected`, at);
      cursor.symbol(".");
      properties.push(cursor.name());
    } while (cursor.takeSymbol(","));
    cursor.symbol(close);
    return properties;
  }

  #createIndex(at: number, indexType: IndexType): SchemaCommand {
    const cursor = this.#cursor;
    const { name, ifNotExists } = this.#nameAndCondition();
    if (cursor.isWord("ON")) throw syntaxError("Invalid input 'ON': expected 'FOR'", cursor.at);
    cursor.word("FOR");
    const { entity, labels, variable } = this.#target();
    cursor.word("ON");
    let properties: string[] = [];
    if (indexType === "FULLTEXT") {
      cursor.word("EACH");
      cursor.symbol("[");
      properties = this.#properties(variable, "]");
    } else if (indexType === "LOOKUP") {
      cursor.takeWord("EACH");
      cursor.name();
      cursor.symbol("(");
      cursor.name();
      cursor.symbol(")");
    } else {
      cursor.symbol("(");
      properties = this.#properties(variable, ")");
    }
    const options = cursor.takeWord("OPTIONS") ? this.#parser.expression() : undefined;
    return { kind: "createIndex", at, name, indexType, ifNotExists, entity, labels, properties, options };
  }

  #createConstraint(at: number): SchemaCommand {
    const cursor = this.#cursor;
    const { name, ifNotExists } = this.#nameAndCondition();
    if (cursor.isWord("ON")) throw syntaxError("Invalid input 'ON': expected 'FOR'", cursor.at);
    cursor.word("FOR");
    const { entity, labels, variable } = this.#target();
    cursor.word("REQUIRE");
    let properties: string[];
    if (cursor.takeSymbol("(")) properties = this.#properties(variable, ")");
    else {
      if (cursor.name() !== variable) throw syntaxError(`Variable \`${variable}\` expected`, at);
      cursor.symbol(".");
      properties = [cursor.name()];
    }
    let propertyType: TypeName | undefined;
    const is = cursor.takeWord("IS");
    if (!is && !cursor.isSymbol("::")) throw cursor.unexpected("'IS'");
    let constraintType: Extract<SchemaCommand, { kind: "createConstraint" }>["constraintType"];
    if (cursor.takeWord("NOT", "NULL")) constraintType = "EXISTENCE";
    else if (cursor.takeSymbol("::") || cursor.takeWord("TYPED")) {
      constraintType = "PROPERTY_TYPE";
      propertyType = new TypeParser(cursor).type();
    } else {
      void (cursor.takeWord("NODE") || cursor.takeWord("RELATIONSHIP") || cursor.takeWord("REL"));
      if (cursor.takeWord("KEY")) constraintType = "KEY";
      else {
        cursor.word("UNIQUE");
        constraintType = "UNIQUENESS";
      }
    }
    if (cursor.takeWord("OPTIONS")) this.#parser.expression();
    const [label = ""] = labels;
    return {
      kind: "createConstraint",
      at,
      name,
      constraintType,
      ifNotExists,
      entity,
      label,
      properties,
      propertyType,
    };
  }

  #show(at: number): ShowCommand {
    const cursor = this.#cursor;
    cursor.word("SHOW");
    const filters: string[] = [];
    let what: string | undefined;
    while (what === undefined) {
      for (const [words, target] of showTargets) {
        if (!cursor.takeWord(...words)) continue;
        what = target;
        break;
      }
      if (what !== undefined) break;
      if (!cursor.isName || filters.length > 6) throw cursor.unexpected("what is to be shown");
      filters.push(cursor.name().toUpperCase());
    }
    if (
      (what === "databases" || what === "transactions" || what === "settings") &&
      (cursor.isName || cursor.token.kind === "string")
    ) {
      if (!cursor.isAnyWord(["YIELD", "WHERE", "RETURN"])) {
        filters.push(cursor.next().text);
        while (cursor.takeSymbol(",")) filters.push(cursor.next().text);
      }
    }
    if (cursor.takeWord("EXECUTABLE")) {
      if (cursor.takeWord("BY"))
        cursor.isAnyWord(["YIELD", "WHERE"]) || cursor.takeWord("CURRENT", "USER") || cursor.name();
    }
    const yields = this.#parser.yields();
    const { orderBy, skip, limit } =
      yields === undefined ? { orderBy: [], skip: undefined, limit: undefined } : this.#parser.sorting();
    const where = cursor.takeWord("WHERE") ? this.#parser.expression() : undefined;
    const returns =
      yields !== undefined && cursor.isWord("RETURN")
        ? this.#parser.returnProjection(cursor.next().at)
        : undefined;
    const filter = filters.length === 0 ? undefined : filters.join(" ");
    return { kind: "show", at, what, filter, yields, orderBy, skip, limit, where, returns };
  }
}
