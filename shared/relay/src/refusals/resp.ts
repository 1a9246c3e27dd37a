import { type RefusalReason, refusalTexts } from "./reason.ts";

/** The first word of the error, by which clients tell whether to try again. */
const words: Readonly<Record<RefusalReason, string>> = {
  no_route: "ERR",
  no_backend: "ERR",
  max_connections: "ERR",
  rate: "BUSY",
  tls_required: "ERR",
  shutting_down: "ERR",
};

/** A simple error, before the connection ends. */
export function respRefusal(reason: RefusalReason): Buffer {
  // Redis's own words, which clients look for.
  const text = reason === "max_connections" ? "max number of clients reached" : refusalTexts[reason];
  return Buffer.from(`-${words[reason]} ${text}\r\n`);
}
