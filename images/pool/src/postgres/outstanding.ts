import type { ErrorFields } from "@weftkit/wire-postgres";
import type { Prepared } from "./prepared-statements.ts";

/** A request that a server has not answered yet, or an answer of ours that waits for its place behind such requests. */
export interface Outstanding {
  readonly request: "query" | "parse" | "bind" | "describe" | "execute" | "close" | "sync" | "function";
  /** We have sent it ourselves: the client does not see the answer. */
  readonly isHidden?: boolean;
  /** The server was not asked: the answer is given when all before it are. */
  readonly answer?: Buffer;
  /** Undoes what was assumed when it was sent, as it was never run. */
  readonly undo?: () => void;
  readonly statement?: Prepared;
  /** What the client is told when it fails, as it was made to. */
  readonly replacesError?: ErrorFields;
}

export const query: Outstanding = { request: "query" };
export const functionCall: Outstanding = { request: "function" };
export const parse: Outstanding = { request: "parse" };
export const bind: Outstanding = { request: "bind" };
export const describe: Outstanding = { request: "describe" };
export const execute: Outstanding = { request: "execute" };
export const close: Outstanding = { request: "close" };
export const sync: Outstanding = { request: "sync" };

const parseComplete = Buffer.from([0x31, 0, 0, 0, 4]);
const closeComplete = Buffer.from([0x33, 0, 0, 0, 4]);

/** A statement that the server knows already. */
export function parsedBefore(undo: () => void): Outstanding {
  return { request: "parse", answer: parseComplete, undo };
}

/** A statement that only we forget. */
export const closedHere: Outstanding = { request: "close", answer: closeComplete };
