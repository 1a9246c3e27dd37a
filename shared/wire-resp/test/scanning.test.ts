import { randomIntegers } from "@weftkit/testing/random-numbers";
import { describe, expect, test } from "vitest";
import { command, ReplyScanner, readCommand } from "../src/index.ts";

const seed = Number(process.env.WEFTKIT_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));

/** A reply of RESP3, at random. */
function reply(random: (bound: number) => number, depth = 0): string {
  const kinds = depth > 3 ? 8 : 13;
  const text = "x".repeat(random(5));
  const list = (count: number) => Array.from({ length: count }, () => reply(random, depth + 1)).join("");
  const count = random(4);
  switch (random(kinds)) {
    case 0:
      return `+${text}\r\n`;
    case 1:
      return `-ERR ${text}\r\n`;
    case 2:
      return ":42\r\n";
    case 3:
      return "$-1\r\n";
    case 4:
      return `$${text.length + 2}\r\n\r\n${text}\r\n`;
    case 5:
      return "_\r\n";
    case 6:
      return ",1.5\r\n";
    case 7:
      return `=${text.length + 4}\r\ntxt:${text}\r\n`;
    case 8:
      return `*${count}\r\n${list(count)}`;
    case 9:
      return `%${count}\r\n${list(count * 2)}`;
    case 10:
      return `~${count}\r\n${list(count)}`;
    case 11:
      return "*-1\r\n";
    default:
      return `|1\r\n+key\r\n:1\r\n${reply(random, depth + 1)}`;
  }
}

describe("replies", () => {
  test("end where they end, in whatever pieces they come", () => {
    const random = randomIntegers(seed);
    for (let round = 0; round < 300; round++) {
      const replies = Array.from({ length: 5 }, () => reply(random));
      const bytes = Buffer.from(replies.join(""));
      const scanner = new ReplyScanner();
      const ends: number[] = [];
      for (let from = 0; from < bytes.length; ) {
        const until = Math.min(bytes.length, from + 1 + random(7));
        while (from < until) {
          const end = scanner.scan(bytes, from, until);
          if (end >= 0) ends.push(end);
          from = end < 0 ? until : end;
        }
      }
      const expected = replies.map((_one, index) => replies.slice(0, index + 1).join("").length);
      expect(ends, `seed ${seed}, round ${round}`).toEqual(expected);
    }
  });

  test("that are none are refused", () => {
    expect(() => new ReplyScanner().scan(Buffer.from("hello\r\n"), 0, 7)).toThrow("cannot begin");
    expect(() => new ReplyScanner().scan(Buffer.from("$x1\r\n"), 0, 5)).toThrow("no length");
  });
});

describe("requests", () => {
  test("are found with their arguments, whole or not at all", () => {
    const bytes = command("SET", "key", "a\r\nb");
    for (let end = 0; end < bytes.length; end++) expect(readCommand(bytes, 0, end, 100)).toBeUndefined();
    const found = readCommand(bytes, 0, bytes.length, 100)!;
    const words = [0, 2, 4].map((at) => bytes.toString("latin1", found.ranges[at], found.ranges[at + 1]));
    expect([found.end, ...words]).toEqual([bytes.length, "SET", "key", "a\r\nb"]);
  });

  test("may be lines", () => {
    const bytes = Buffer.from("PING 'a b'\r\n");
    const found = readCommand(bytes, 0, bytes.length, 100)!;
    expect(bytes.toString("latin1", found.ranges[2], found.ranges[3])).toBe("a b");
  });

  test("that are none are refused", () => {
    expect(() => readCommand(Buffer.from("*1\r\n+x\r\n"), 0, 8, 100)).toThrow("expected '$', got '+'");
    expect(() => readCommand(Buffer.from("*1\r\n$999\r\n"), 0, 10, 100)).toThrow("invalid bulk length");
  });
});
