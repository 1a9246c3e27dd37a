import { syntaxError } from "../errors.ts";
import type { TypeName } from "./ast.ts";
import type { Cursor } from "./cursor.ts";

/** Names of types, each with what it is called in the end. */
const names: readonly (readonly [readonly string[], string])[] = [
  [["NOTHING"], "NOTHING"],
  [["NULL"], "NULL"],
  [["BOOLEAN"], "BOOLEAN"],
  [["BOOL"], "BOOLEAN"],
  [["STRING"], "STRING"],
  [["VARCHAR"], "STRING"],
  [["INTEGER"], "INTEGER"],
  [["INT64"], "INTEGER"],
  [["INT"], "INTEGER"],
  [["SIGNED", "INTEGER"], "INTEGER"],
  [["FLOAT"], "FLOAT"],
  [["DATE"], "DATE"],
  [["LOCAL", "TIME"], "LOCAL TIME"],
  [["TIME", "WITHOUT", "TIME", "ZONE"], "LOCAL TIME"],
  [["TIME", "WITHOUT", "TIMEZONE"], "LOCAL TIME"],
  [["ZONED", "TIME"], "ZONED TIME"],
  [["TIME", "WITH", "TIME", "ZONE"], "ZONED TIME"],
  [["TIME", "WITH", "TIMEZONE"], "ZONED TIME"],
  [["LOCAL", "DATETIME"], "LOCAL DATETIME"],
  [["TIMESTAMP", "WITHOUT", "TIME", "ZONE"], "LOCAL DATETIME"],
  [["TIMESTAMP", "WITHOUT", "TIMEZONE"], "LOCAL DATETIME"],
  [["ZONED", "DATETIME"], "ZONED DATETIME"],
  [["TIMESTAMP", "WITH", "TIME", "ZONE"], "ZONED DATETIME"],
  [["TIMESTAMP", "WITH", "TIMEZONE"], "ZONED DATETIME"],
  [["DURATION"], "DURATION"],
  [["POINT"], "POINT"],
  [["NODE"], "NODE"],
  [["VERTEX"], "NODE"],
  [["ANY", "NODE"], "NODE"],
  [["ANY", "VERTEX"], "NODE"],
  [["RELATIONSHIP"], "RELATIONSHIP"],
  [["EDGE"], "RELATIONSHIP"],
  [["ANY", "RELATIONSHIP"], "RELATIONSHIP"],
  [["ANY", "EDGE"], "RELATIONSHIP"],
  [["MAP"], "MAP"],
  [["ANY", "MAP"], "MAP"],
  [["PATH"], "PATH"],
  [["ANY", "PROPERTY", "VALUE"], "PROPERTY VALUE"],
  [["PROPERTY", "VALUE"], "PROPERTY VALUE"],
];

/** Types after `IS ::`. */
export class TypeParser {
  readonly #cursor: Cursor;

  constructor(cursor: Cursor) {
    this.#cursor = cursor;
  }

  type(): TypeName {
    const cursor = this.#cursor;
    const { at } = cursor;
    const choices = [this.#postfixed()];
    while (cursor.takeSymbol("|")) choices.push(this.#postfixed());
    if (new Set(choices.map(({ isNotNull }) => isNotNull)).size > 1)
      throw syntaxError(
        "All types in a Closed Dynamic Union must be nullable, or be appended with `NOT NULL`",
        at,
      );
    return choices.length === 1 ? choices[0]! : { kind: "union", choices, isNotNull: false };
  }

  #postfixed(): TypeName {
    const cursor = this.#cursor;
    let type = this.#single();
    for (;;) {
      if (cursor.takeWord("LIST") || cursor.takeWord("ARRAY"))
        type = this.#notNull({ kind: "list", inner: type });
      else return type;
    }
  }

  #single(): TypeName {
    const cursor = this.#cursor;
    if (cursor.takeWord("LIST") || cursor.takeWord("ARRAY")) {
      cursor.symbol("<");
      const inner = this.type();
      cursor.symbol(">");
      return this.#notNull({ kind: "list", inner });
    }
    for (const [words, name] of names)
      if (cursor.takeWord(...words)) return this.#notNull({ kind: "scalar", name });
    if (cursor.takeWord("ANY")) {
      cursor.takeWord("VALUE");
      if (cursor.takeSymbol("<")) {
        const inner = this.type();
        cursor.symbol(">");
        return inner;
      }
      return this.#notNull({ kind: "scalar", name: "ANY" });
    }
    throw cursor.unexpected("a type");
  }

  #notNull<T extends object>(type: T): T & { isNotNull: boolean } {
    const cursor = this.#cursor;
    const isNotNull = cursor.takeWord("NOT", "NULL") || cursor.takeSymbol("!");
    return { ...type, isNotNull };
  }
}
