import { expect, test } from "vitest";
import { statementAt } from "../page/consoles/statement-at.ts";

/** The cursor is where the bar is. */
test.each([
  ["SELECT 1|; SELECT 2", "SELECT 1"],
  ["SELECT 1;| SELECT 2", "SELECT 1"],
  ["SELECT 1; SEL|ECT 2", "SELECT 2"],
  ["SELECT 1; SELECT 2;\n|", "SELECT 2"],
  ["SELECT ';|'; SELECT 2", "SELECT ';'"],
  ["SELECT 'it''s;|'; SELECT 2", "SELECT 'it''s;'"],
  ["SELECT E'\\';|'; SELECT 2", "SELECT E'\\';'"],
  ['SELECT ";|" FROM t; SELECT 2', 'SELECT ";" FROM t'],
  ["SELECT $$;|$$; SELECT 2", "SELECT $$;$$"],
  ["SELECT $a$;$$|;$a$; SELECT 2", "SELECT $a$;$$;$a$"],
  ["SELECT a$1;| SELECT 2$", "SELECT a$1"],
  ["SELECT 1 -- ;\n|; SELECT 2", "SELECT 1 -- ;"],
  ["SELECT /* ; /* ; */ ; */ 1|; SELECT 2", "SELECT /* ; /* ; */ ; */ 1"],
  ["SELECT 'open; |", "SELECT 'open;"],
  ["|", ""],
  [" ; |; ", ""],
])("%s", (text, statement) => {
  expect(statementAt(text.replace("|", ""), text.indexOf("|"))).toBe(statement);
});
