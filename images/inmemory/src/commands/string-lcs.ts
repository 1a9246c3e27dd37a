import { SYNTAX } from "../errors.ts";
import type { ClientSession } from "../server/server.ts";
import { TYPE_STRING } from "../storage/keyspace.ts";
import { type Command, keys } from "./definition.ts";

/** A run of bytes that both strings have; offsets inclusive. */
interface Match {
  firstStart: number;
  secondStart: number;
  length: number;
}

/** For each pair of prefixes the length of their longest common subsequence, row by row of the first string. */
class LcsTable {
  readonly first: Buffer;
  readonly second: Buffer;
  readonly #lengths: Uint32Array;

  constructor(first: Buffer, second: Buffer) {
    this.first = first;
    this.second = second;
    const row = second.length + 1;
    const lengths = new Uint32Array((first.length + 1) * row);
    for (let i = 1, at = row; i <= first.length; i++) {
      const byte = first[i - 1];
      at++;
      for (let j = 1; j < row; j++, at++) {
        if (byte === second[j - 1]) lengths[at] = lengths[at - row - 1]! + 1;
        else lengths[at] = Math.max(lengths[at - row]!, lengths[at - 1]!);
      }
    }
    this.#lengths = lengths;
  }

  length(i = this.first.length, j = this.second.length): number {
    return this.#lengths[i * (this.second.length + 1) + j]!;
  }

  /**
   * Walks back from the ends of both strings: calls `onByte` for each byte of the subsequence and `onMatch` for each
   * run of them, last first.
   */
  walk(onByte: (byte: number) => void, onMatch: (match: Match) => void): void {
    let i = this.first.length;
    let j = this.second.length;
    let run: Match | undefined;
    while (i > 0 && j > 0) {
      if (this.first[i - 1] === this.second[j - 1]) {
        onByte(this.first[i - 1]!);
        i--;
        j--;
        if (run !== undefined) {
          run.firstStart = i;
          run.secondStart = j;
          run.length++;
        } else run = { firstStart: i, secondStart: j, length: 1 };
        if (i > 0 && j > 0) continue;
      } else if (this.length(i - 1, j) > this.length(i, j - 1)) i--;
      else j--;
      if (run !== undefined) onMatch(run);
      run = undefined;
    }
  }
}

interface LcsOptions {
  wantsIndexes: boolean;
  wantsLength: boolean;
  wantsMatchLengths: boolean;
  matchLengthMin: number;
}

function readOptions(session: ClientSession): LcsOptions | undefined {
  const { args, reply } = session;
  const options = { wantsIndexes: false, wantsLength: false, wantsMatchLengths: false, matchLengthMin: 0 };
  for (let i = 3; i < args.count; i++) {
    if (args.is(i, "IDX")) options.wantsIndexes = true;
    else if (args.is(i, "LEN")) options.wantsLength = true;
    else if (args.is(i, "WITHMATCHLEN")) options.wantsMatchLengths = true;
    else if (args.is(i, "MINMATCHLEN") && i + 1 < args.count) {
      options.matchLengthMin = session.integer(++i);
      if (Number.isNaN(options.matchLengthMin)) return undefined;
    } else {
      reply.error(SYNTAX);
      return undefined;
    }
  }
  if (options.wantsLength && options.wantsIndexes) {
    reply.error("ERR If you want both the length and indexes, please just use IDX.");
    return undefined;
  }
  return options;
}

/** A copy of the string at an argument, empty when absent; undefined when it is no string. */
function readString(session: ClientSession, index: number): Buffer | undefined {
  const { db } = session;
  const entry = session.read(index);
  if (entry === 0) return Buffer.alloc(0);
  if (db.typeOf(entry) !== TYPE_STRING) return undefined;
  const start = db.stringOffset(entry);
  return Buffer.from(db.bytesOf(entry).subarray(start, start + db.stringLength(entry)));
}

function lcs(session: ClientSession): void {
  const { reply, server } = session;
  const first = readString(session, 1);
  const second = readString(session, 2);
  if (first === undefined || second === undefined) {
    reply.error("ERR The specified keys must contain string values");
    return;
  }
  const options = readOptions(session);
  if (options === undefined) return;
  if ((first.length + 1) * (second.length + 1) * 4 > server.settings.bulkLimitBytes) {
    reply.error("ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len");
    return;
  }
  const table = new LcsTable(first, second);
  const length = table.length();
  if (options.wantsLength) reply.integer(length);
  else if (options.wantsIndexes) answerMatches(session, table, options);
  else {
    const subsequence = Buffer.alloc(length);
    let at = length;
    table.walk(
      (byte) => {
        subsequence[--at] = byte;
      },
      () => {},
    );
    reply.bulkBuffer(subsequence);
  }
}

function answerMatches({ reply }: ClientSession, table: LcsTable, options: LcsOptions): void {
  reply.map(2);
  reply.bulkText("matches");
  const mark = reply.beginArray();
  let count = 0;
  table.walk(
    () => {},
    ({ firstStart, secondStart, length }) => {
      if (length < options.matchLengthMin) return;
      reply.array(options.wantsMatchLengths ? 3 : 2);
      for (const start of [firstStart, secondStart]) {
        reply.array(2);
        reply.integer(start);
        reply.integer(start + length - 1);
      }
      if (options.wantsMatchLengths) reply.integer(length);
      count++;
    },
  );
  reply.endArray(mark, count);
  reply.bulkText("len");
  reply.integer(table.length());
}

export const lcsCommands: Command[] = [
  {
    name: "lcs",
    arity: -3,
    flags: ["readonly"],
    keys: keys("RO access", 1, 1),
    group: "string",
    since: "7.0.0",
    complexity: "O(N*M), N and M the lengths of the strings",
    summary: "Finds the longest common subsequence of two strings.",
    syntax: "key1 key2 [LEN] [IDX] [MINMATCHLEN min-match-len] [WITHMATCHLEN]",
    handler: lcs,
  },
];
