import { invalidText } from "../errors.ts";
import { compareText, decodeText } from "./texts.ts";
import type { TypeOps } from "./type-ops.ts";

function pairOps(name: string, pattern: RegExp, radix: number): TypeOps {
  const parts = (text: string): [number, number] => {
    const match = pattern.exec(text);
    if (match === null) throw invalidText(name, text);
    return [Number.parseInt(match[1]!, radix), Number.parseInt(match[2]!, radix)];
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
export const tidOps: TypeOps = pairOps("tid", /^\((\d+),(\d+)\)$/, 10);

export const lsnOps: TypeOps = pairOps("pg_lsn", /^([0-9A-Fa-f]{1,8})\/([0-9A-Fa-f]{1,8})$/, 16);
