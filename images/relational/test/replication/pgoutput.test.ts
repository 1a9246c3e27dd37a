import { expect, test } from "vitest";
import {
  beginMessage,
  commitMessage,
  deleteMessage,
  insertMessage,
  relationMessage,
  truncateMessage,
  typeMessage,
  updateMessage,
} from "../../src/replication/pgoutput-messages.ts";
import type { ShapeColumn, TableShape } from "../../src/replication/shape.ts";

/** Bytes as hexadecimal digits, with blanks between the fields that the documentation names. */
const hex = (message: Buffer, ...fields: readonly number[]) => {
  let at = 0;
  const parts = [...fields, message.length].map((length) => {
    const from = at;
    at += length;
    return message.subarray(from, at).toString("hex");
  });
  return parts.filter((part) => part !== "").join(" ");
};

const column = (name: string, type: number, isKey = false): ShapeColumn => ({
  name,
  attnum: 1,
  type,
  typmod: -1,
  typeName: "",
  fullTypeName: "",
  isKey,
  notNull: isKey,
  isGenerated: false,
});
const shape: TableShape = { oid: 16400, schema: "public", name: "t", identity: "d", columns: [] };

test("Begin: final LSN, time, xid", () => {
  expect(hex(beginMessage(0x1_0000_0002n, 3n, 700), 1, 8, 8)).toBe(
    "42 0000000100000002 0000000000000003 000002bc",
  );
});

test("Commit: flags, LSN of the commit, its end, time", () => {
  expect(hex(commitMessage(0x10n, 0x18n, -1n), 1, 1, 8, 8)).toBe(
    "43 00 0000000000000010 0000000000000018 ffffffffffffffff",
  );
});

test("Relation: oid, schema, name, identity, columns with flags, name, type, modifier", () => {
  const message = relationMessage(shape, [column("id", 23, true), column("b", 25)]);
  expect(hex(message, 1, 4, 7, 2, 1, 2, 1, 3, 4, 4, 1, 2, 4)).toBe(
    "52 00004010 7075626c696300 7400 64 0002 01 696400 00000017 ffffffff 00 6200 00000019 ffffffff",
  );
});

test("Type: oid, schema, name", () => {
  expect(hex(typeMessage(16390, "public", "mood"), 1, 4, 7)).toBe("59 00004006 7075626c696300 6d6f6f6400");
});

test("Insert: the new row, values as text, NULL, and in binary", () => {
  expect(hex(insertMessage(16400, ["1", null, Buffer.from([7])]), 1, 4, 1, 2, 1, 4, 1, 1, 1, 4)).toBe(
    "49 00004010 4e 0003 74 00000001 31 6e 62 00000001 07",
  );
});

test("Update: without an old row, with its key, with all of it", () => {
  expect(hex(updateMessage(1, undefined, ["2"]), 1, 4, 1, 2, 1, 4)).toBe(
    "55 00000001 4e 0001 74 00000001 32",
  );
  expect(hex(updateMessage(1, { kind: "K", row: ["1"] }, ["2"]), 1, 4, 1, 2, 1, 4, 1, 1, 2, 1, 4)).toBe(
    "55 00000001 4b 0001 74 00000001 31 4e 0001 74 00000001 32",
  );
  expect(updateMessage(1, { kind: "O", row: [null] }, [null]).toString("latin1")).toBe(
    "U\0\0\0\x01O\0\x01nN\0\x01n",
  );
});

test("Delete and Truncate", () => {
  expect(hex(deleteMessage(1, { kind: "K", row: ["1", null] }), 1, 4, 1, 2, 1, 4, 1)).toBe(
    "44 00000001 4b 0002 74 00000001 31 6e",
  );
  expect(hex(truncateMessage([1, 2], true, true), 1, 4, 1, 4)).toBe("54 00000002 03 00000001 00000002");
});
