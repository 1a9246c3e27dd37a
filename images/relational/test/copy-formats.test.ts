import { randomIntegers } from "@weftkit/testing/random-numbers";
import { describe, expect, test } from "vitest";
import { type CopyOptions, copyOptions } from "../src/copy/options.ts";
import { BinaryReader } from "../src/copy/read-binary.ts";
import { CsvReader } from "../src/copy/read-csv.ts";
import { TextReader } from "../src/copy/read-text.ts";
import { binaryHeader, binaryRow, binaryTrailer, csvLine, textLine } from "../src/copy/write-rows.ts";

type Fields = readonly (string | null)[];
const none = { null: new Set<number>(), notNull: new Set<number>() };

/** Reads a text that comes in pieces of so many bytes. */
function rowsOf(data: string | Buffer, options: CopyOptions, pieceBytes = 1 << 20, forced = none): Fields[] {
  const reader = options.format === "csv" ? new CsvReader(options, forced) : new TextReader(options);
  const bytes = Buffer.from(data);
  const rows: Fields[] = [];
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    for (const row of reader.read(bytes.subarray(at, at + pieceBytes))) rows.push(row.fields);
  }
  for (const row of reader.end()) rows.push(row.fields);
  return rows;
}

const text = copyOptions([], "in");
const csv = copyOptions([["format", "csv"]], "in");

describe("the text format", () => {
  // What PostgreSQL 15 read from the same bytes.
  test.each<[string, Fields[]]>([
    [
      "1\ta\n2\tb\n",
      [
        ["1", "a"],
        ["2", "b"],
      ],
    ],
    [
      "1\ta\n2\tb",
      [
        ["1", "a"],
        ["2", "b"],
      ],
    ],
    [
      "1\ta\r\n2\tb\r\n",
      [
        ["1", "a"],
        ["2", "b"],
      ],
    ],
    [
      "1\ta\r2\tb\r",
      [
        ["1", "a"],
        ["2", "b"],
      ],
    ],
    ["\\N\t\n", [[null, ""]]],
    ["\\\\N\t\\\\\n", [["\\N", "\\"]]],
    ["a\\tb\ta\\nb\n", [["a\tb", "a\nb"]]],
    ["a\\\tb\n", [["a\tb"]]],
    ["a\\\nb\n", [["a\nb"]]],
    ["\\101\\x42\\q\n", [["ABq"]]],
    ["\\303\\251\n", [["é"]]],
    ["1\n\\.\n2\n", [["1"]]],
    ["\n", [[""]]],
    ["", []],
  ])("%j", (data, expected) => {
    for (const pieceBytes of [1, 2, 3, 100]) expect(rowsOf(data, text, pieceBytes)).toEqual(expected);
  });

  test.each<[string, string]>([
    ["a\nb\r\n", "literal carriage return found in data"],
    ["a\r\nb\n", "literal newline found in data"],
    ["\\000\n", "0x00"],
    ["\\377\n", "invalid byte sequence"],
  ])("%j is refused", (data, message) => expect(() => rowsOf(data, text)).toThrow(message));
});

describe("the CSV format", () => {
  test.each<[string, Fields[]]>([
    [
      "1,a\n2,b\n",
      [
        ["1", "a"],
        ["2", "b"],
      ],
    ],
    [',""\n', [[null, ""]]],
    ['"a,b","c""d"\n', [["a,b", 'c"d']]],
    ['"a\nb",c\r\n', [["a\nb", "c"]]],
    ['a"b,c"d,e\n', [["ab,cd", "e"]]],
    ["1\n\\.\n2\n", [["1"]]],
    ['"\\."\n', [["\\."]]],
    ["é,ü\n", [["é", "ü"]]],
  ])("%j", (data, expected) => {
    for (const pieceBytes of [1, 2, 3, 100]) expect(rowsOf(data, csv, pieceBytes)).toEqual(expected);
  });

  test("a quoted field that does not end is refused", () => {
    expect(() => rowsOf('"abc\n', csv)).toThrow("unterminated CSV quoted field");
  });

  test("columns can be forced to NULL, or to none", () => {
    const forced = { null: new Set([0]), notNull: new Set([1]) };
    expect(rowsOf('"",\n', csv, 100, forced)).toEqual([[null, ""]]);
  });

  test("the escape need not be the quote", () => {
    const options = copyOptions(
      [
        ["format", "csv"],
        ["escape", "\\"],
        ["quote", "'"],
      ],
      "in",
    );
    expect(rowsOf("'it\\'s','\\\\'\n", options)).toEqual([["it's", "\\"]]);
  });
});

test("what is written is read again, in each format, whatever is in it", () => {
  const seed = 20_261_128;
  const below = randomIntegers(seed);
  const letters = ["a", "é", "\t", "\n", "\r", "\\", '"', ",", "N", "", "\b", ".", "𝒳"];
  const field = () =>
    below(6) === 0 ? null : Array.from({ length: below(5) }, () => letters[below(letters.length)]!).join("");
  const rows = Array.from({ length: 500 }, () => [field(), field(), `${below(1000)}`]);
  for (const pieceBytes of [1, 7, 4096]) {
    expect(rowsOf(rows.map((row) => textLine(row, text)).join(""), text, pieceBytes), `seed ${seed}`).toEqual(
      rows,
    );
    expect(
      rowsOf(rows.map((row) => csvLine(row, csv, () => false)).join(""), csv, pieceBytes),
      `seed ${seed}`,
    ).toEqual(rows);
    const bytes = Buffer.concat([
      binaryHeader(),
      ...rows.map((row) => binaryRow(row.map((value) => (value === null ? null : Buffer.from(value))))),
      binaryTrailer(),
    ]);
    const reader = new BinaryReader(3);
    const read: Fields[] = [];
    for (let at = 0; at < bytes.length; at += pieceBytes) {
      for (const row of reader.read(bytes.subarray(at, at + pieceBytes)))
        read.push(row.map((value) => value?.toString() ?? null));
    }
    reader.end();
    expect(read).toEqual(rows);
  }
});

test("binary data that is none is refused", () => {
  expect(() => [...new BinaryReader(1).read(Buffer.from("not a file of COPY"))]).toThrow(
    "signature not recognized",
  );
  const wrongCount = Buffer.concat([binaryHeader(), binaryRow([null, null])]);
  expect(() => [...new BinaryReader(1).read(wrongCount)]).toThrow("row field count is 2, expected 1");
  const torn = new BinaryReader(1);
  expect([...torn.read(Buffer.concat([binaryHeader(), Buffer.from([0, 1, 0, 0])]))]).toEqual([]);
  expect(() => torn.end()).toThrow("unexpected EOF in COPY data");
});

test.each<[Parameters<typeof copyOptions>[0], string, string]>([
  [[["format", "xml"]], "22023", 'COPY format "xml" not recognized'],
  [[["quote", "'"]], "0A000", "COPY QUOTE requires CSV mode"],
  [
    [
      ["format", "binary"],
      ["delimiter", ","],
    ],
    "42601",
    "cannot specify DELIMITER in BINARY mode",
  ],
  [[["delimiter", "ab"]], "0A000", "COPY delimiter must be a single one-byte character"],
  [[["delimiter", "a"]], "22023", 'COPY delimiter cannot be "a"'],
  [[["null", "a\nb"]], "22023", "COPY null representation cannot use newline or carriage return"],
  [
    [
      ["format", "csv"],
      ["delimiter", '"'],
    ],
    "22023",
    "COPY delimiter and quote must be different",
  ],
  [
    [
      ["format", "csv"],
      ["format", "csv"],
    ],
    "42601",
    "conflicting or redundant options",
  ],
  [[["encoding", "latin1"]], "0A000", 'COPY in encoding "latin1" is not supported'],
])("options that contradict each other are refused: %j", (options, code, message) => {
  expect(() => copyOptions(options, "in")).toThrow(expect.objectContaining({ code, message }));
});
