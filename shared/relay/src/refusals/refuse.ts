import type { Arrival } from "../arrival.ts";
import { refuseBolt } from "./bolt.ts";
import { httpRefusal, refuseHttp2 } from "./http.ts";
import { mongoRefusal } from "./mongo.ts";
import { postgresRefusal } from "./postgres.ts";
import type { RefusalReason } from "./reason.ts";
import { respRefusal } from "./resp.ts";
import { tlsAlert } from "./tls-alert.ts";

/** How long a refused client may take to read why. */
const lingerMs = 2000;
/** What a refused client sends meanwhile is dropped, up to here. */
const droppedBytesMax = 1 << 20;

/** Tells a client in its own protocol why it is not served, and ends the connection. */
export function refuse({ socket, opening, bytes }: Arrival, reason: RefusalReason): void {
  const timer = setTimeout(() => socket.destroy(), lingerMs);
  socket.once("close", () => clearTimeout(timer));
  // A client that hangs up first is no news.
  socket.on("error", () => {});
  if (opening.protocol === "bolt") refuseBolt(socket, bytes, reason);
  else if (opening.protocol === "http2") refuseHttp2(socket, bytes, reason);
  else {
    const answer = answerTo(opening, reason);
    if (answer === undefined) socket.destroy();
    else socket.end(answer);
    dropInput(socket);
  }
}

/** Closing with unread bytes would reset the connection, and the reset can overtake the reason. */
function dropInput(socket: Arrival["socket"]): void {
  let dropped = 0;
  socket.on("data", (chunk: Buffer) => {
    dropped += chunk.length;
    if (dropped > droppedBytesMax) socket.destroy();
  });
  socket.resume();
}

function answerTo(opening: Arrival["opening"], reason: RefusalReason): Buffer | undefined {
  switch (opening.protocol) {
    case "postgres":
      // A cancel request is never answered.
      return opening.packet.kind === "cancel" ? undefined : postgresRefusal(reason);
    case "resp":
      return respRefusal(reason);
    case "mongo":
      return mongoRefusal(reason, opening.message);
    case "http":
      return httpRefusal(reason);
    case "tls":
      return tlsAlert(reason);
    default:
      return undefined;
  }
}
