import { invalidText, PgError } from "../errors.ts";
import { lsnText, readLsn } from "./lsn.ts";
import { compareText, decodeText } from "./texts.ts";
import type { TypeOps } from "./type-ops.ts";

function pairOps(name: string, pattern: RegExp): TypeOps {
  const parts = (text: string): [number, number] => {
    const match = pattern.exec(text);
    if (match === null) throw invalidText(name, text);
    return [Number(match[1]), Number(match[2])];
  };
  return {
    input: (text) => {
      parts(text);
      return text;
    },
    output: (value) => value as string,
    compare: (a, b) => {
      const [x1, x2] = parts(a as string);
      const [y1, y2] = parts(b as string);
      return x1 - y1 || x2 - y2 || compareText("", "");
    },
    key: (value) => value as string,
    send: (value) => Buffer.from(value as string),
    receive: (bytes) => decodeText(bytes),
  };
}

/** A row's place: `(block,offset)`, made of its rowid. */
export const tidOps: TypeOps = pairOps("tid", /^\((\d+),(\d+)\)$/);

/** A place in the log, as its text. */
export const lsnOps: TypeOps = {
  input: (text) => {
    const lsn = readLsn(text);
    if (lsn === undefined) throw invalidText("pg_lsn", text);
    return lsnText(lsn);
  },
  output: (value) => value as string,
  compare: (a, b) => {
    const [x, y] = [readLsn(a as string)!, readLsn(b as string)!];
    return x < y ? -1 : x > y ? 1 : 0;
  },
  key: (value) => value as string,
  send: (value) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64BE(readLsn(value as string)!);
    return bytes;
  },
  receive: (bytes) => {
    if (bytes.length !== 8) throw new PgError("22P03", "incorrect binary data format");
    return lsnText(bytes.readBigUInt64BE());
  },
};
