import { randomFillSync } from "node:crypto";

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUV";
const idLength = 52;
/** Random bytes are made for many ids at once. */
const pool = Buffer.allocUnsafe(idLength * 256);
let at = pool.length;

/** A request's id in AWS's form: 52 digits and capitals. */
export function newRequestId(): string {
  if (at === pool.length) {
    randomFillSync(pool);
    at = 0;
  }
  let id = "";
  for (const end = at + idLength; at < end; at++) id += alphabet[pool[at]! & 31];
  return id;
}
