import { createServer } from "node:net";
import { writeMsg } from "@weftkit/wire-mongo";
import { serialize } from "bson";
import { record, recordKey } from "./ycsb.ts";

/** Answers each message with one found record; a client has one command under way. Its argument is the port. */
const body = Buffer.from(
  serialize({ cursor: { firstBatch: [record(recordKey(0))], id: 0n, ns: "bench.usertable" }, ok: 1 }),
);

createServer({ noDelay: true }, (socket) => {
  socket.on("error", () => {});
  socket.on("data", (data) => {
    socket.write(writeMsg({ requestId: 1, responseTo: data.readInt32LE(4), body }));
  });
}).listen(Number(process.argv[2]), "127.0.0.1");
