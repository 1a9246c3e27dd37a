import { describe, expect, test } from "vitest";
import { RowTally } from "../src/transfer/course/row-tally.ts";
import { fieldsOf } from "../src/transfer/postgres/copy.ts";
import { rangeQuery, type Table } from "../src/transfer/postgres/tables.ts";

describe("tallies", () => {
  const tallyOf = (...rows: string[]) => {
    const tally = new RowTally();
    for (const row of rows) tally.add(Buffer.from(row));
    return tally.tally;
  };

  test("are equal in whatever order rows come, and not when one is another or comes twice", () => {
    const tally = tallyOf("a", "b", "c", "c");
    expect(tally.count).toBe(4);
    expect(tallyOf("c", "a", "c", "b")).toEqual(tally);
    for (const other of [
      ["a", "b", "c", "d"],
      ["a", "b", "b", "c"],
      ["a", "b", "c"],
      ["ab", "", "c", "c"],
    ])
      expect(tallyOf(...other)).not.toEqual(tally);
    // What comes an even number of times does not cancel out.
    expect(tallyOf("a", "a").checksum).not.toBe(tallyOf("b", "b").checksum);
  });
});

describe("rows of COPY", () => {
  test("are taken apart, with what is escaped in them", () => {
    expect(fieldsOf(Buffer.from("1\t\\N\t\\\\N\ta\\tb\\nc\\\\\t\té"))).toEqual([
      "1",
      null,
      "\\N",
      "a\tb\nc\\",
      "",
      "é",
    ]);
  });
});

describe("ranges", () => {
  const table = (...key: Table["key"]): Table => ({ name: "s.t", columns: "a, b", key, estimate: -1 });
  const a = { column: "a", type: "bigint", index: 0 };
  const b = { column: '"B"', type: "character varying(3)", index: 1 };
  const literal = (value: string) => `'${value}'`;

  test("begin after the last key, and a table without one is read as a whole", () => {
    expect(rangeQuery(table(a), undefined, 10, literal)).toBe(
      "SELECT a, b FROM ONLY s.t ORDER BY a LIMIT 10",
    );
    expect(rangeQuery(table(a), ["7"], 10, literal)).toBe(
      "SELECT a, b FROM ONLY s.t WHERE a > '7'::bigint ORDER BY a LIMIT 10",
    );
    expect(rangeQuery(table(a, b), ["7", "x"], 10, literal)).toBe(
      `SELECT a, b FROM ONLY s.t WHERE (a, "B") > ('7'::bigint, 'x'::character varying(3)) ORDER BY a, "B" LIMIT 10`,
    );
    expect(rangeQuery(table(), undefined, 10, literal)).toBe("SELECT a, b FROM ONLY s.t");
  });
});
