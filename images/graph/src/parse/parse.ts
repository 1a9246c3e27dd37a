import { unsupported } from "../errors.ts";
import type { Query, SchemaCommand, ShowCommand, Statement } from "./ast.ts";
import { ClauseParser } from "./clause-parser.ts";
import { SchemaParser } from "./schema-parser.ts";

/** Administration that has no meaning in an engine with one database and users of its configuration. */
const administration = [
  "GRANT",
  "DENY",
  "REVOKE",
  "ALTER",
  "START",
  "STOP",
  "ENABLE",
  "DRYRUN",
  "DEALLOCATE",
  "TERMINATE",
  "RENAME",
];

/** Reads one statement. @throws CypherError SyntaxError, with its place in the text */
export function parse(text: string): Statement {
  const parser = new ClauseParser(text);
  const { cursor } = parser;
  let mode: Statement["mode"] = "run";
  for (;;) {
    if (cursor.takeWord("EXPLAIN")) mode = "explain";
    else if (cursor.takeWord("PROFILE")) mode = "profile";
    else if (cursor.isWord("CYPHER")) {
      cursor.next();
      // The language's version and planner options: CYPHER 5 runtime=slotted
      while (cursor.token.kind === "integer" || cursor.token.kind === "float" || cursor.isSymbol("=", 1)) {
        if (cursor.token.kind === "integer" || cursor.token.kind === "float") cursor.next();
        else for (let i = 0; i < 3; i++) cursor.next();
      }
    } else break;
  }
  if (cursor.isAnyWord(administration))
    throw unsupported(
      `${cursor.token.text.toUpperCase()}: databases, users and rights are the configuration's, and this command`,
    );
  const schema = new SchemaParser(parser);
  const body: Query | SchemaCommand | ShowCommand = schema.command() ?? parser.query();
  cursor.takeSymbol(";");
  if (cursor.token.kind !== "end") throw cursor.unexpected("the end of the query");
  return { mode, text, body };
}
