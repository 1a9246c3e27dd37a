// One side of a replication connection, to be killed: `replica FOLDER` listens, `primary PORT PIECES` sends.
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { piecesAfter, ReplicaSpool, receivePieces, sendPieces } from "../src/replicas/index.ts";
import type { RestorePiece } from "../src/stream.ts";
import { replicaSecret, spoolOptions } from "./replica-options.ts";

const [role, place, list] = process.argv.slice(2);
// Not left behind by a test that fails.
process.on("disconnect", () => process.exit());

const options = { secret: replicaSecret, silenceMsMax: 60_000 };

if (role === "replica") {
  const spool = new ReplicaSpool(spoolOptions(place!));
  const server = createServer((socket) => {
    receivePieces(socket, spool, options).catch(() => {
      // The other side was killed: it comes back.
    });
  });
  server.listen(0, "127.0.0.1", () => process.send!((server.address() as { port: number }).port));
} else {
  const pieces: RestorePiece[] = JSON.parse(readFileSync(list!, "utf8"));
  const socket = connect(Number(place), "127.0.0.1");
  await once(socket, "connect");
  await sendPieces(socket, {
    ...options,
    epoch: 1,
    async *follow(position) {
      yield* piecesAfter(pieces, position);
    },
    acknowledged: (seq) => void process.send!(seq),
  });
  process.disconnect();
}
