import { createServer as createHttp2Server, type Http2Server, type ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import { type RefusalReason, refusalTexts } from "./reason.ts";

export const httpStatuses: Readonly<Record<RefusalReason, readonly [status: number, title: string]>> = {
  no_route: [404, "Not Found"],
  no_backend: [503, "Service Unavailable"],
  max_connections: [503, "Service Unavailable"],
  rate: [429, "Too Many Requests"],
  tls_required: [426, "Upgrade Required"],
  shutting_down: [503, "Service Unavailable"],
};

/** Status codes of gRPC (grpc/grpc, doc/statuscodes.md). */
export const grpcCodes: Readonly<Record<RefusalReason, number>> = {
  no_route: 12,
  no_backend: 14,
  max_connections: 8,
  rate: 8,
  tls_required: 7,
  shutting_down: 14,
};

/** RFC 9457 */
export function problemOf(reason: RefusalReason): string {
  const [status, title] = httpStatuses[reason];
  return `${JSON.stringify({ type: "about:blank", title, status, detail: refusalTexts[reason], reason })}\n`;
}

/** The headers of a refusal, beside its length. */
export function refusalHeaders(reason: RefusalReason): Record<string, string> {
  const isLater = reason !== "no_route" && reason !== "tls_required";
  return {
    "content-type": "application/problem+json",
    "cache-control": "no-store",
    ...(isLater && { "retry-after": "1" }),
    ...(reason === "tls_required" && { upgrade: "TLS/1.2" }),
  };
}

/** A whole answer of HTTP/1.1, after which the connection ends. */
export function httpRefusal(reason: RefusalReason): Buffer {
  const body = problemOf(reason);
  const [status, title] = httpStatuses[reason];
  const headers = Object.entries({
    ...refusalHeaders(reason),
    "content-length": String(Buffer.byteLength(body)),
    connection: reason === "tls_required" ? "upgrade, close" : "close",
  });
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  return Buffer.from(`HTTP/1.1 ${status} ${title}\r\n${lines}\r\n${body}`);
}

/** Answers a stream of HTTP/2: gRPC's by trailers alone, others with a problem. */
export function refuseStream(
  stream: ServerHttp2Stream,
  contentType: string | undefined,
  reason: RefusalReason,
): void {
  if (stream.destroyed || stream.headersSent) return;
  if (contentType?.startsWith("application/grpc") === true) {
    stream.respond(
      {
        ":status": 200,
        "content-type": "application/grpc",
        "grpc-status": String(grpcCodes[reason]),
        "grpc-message": encodeURIComponent(refusalTexts[reason]),
      },
      { endStream: true },
    );
    return;
  }
  stream.respond({ ":status": httpStatuses[reason][0], ...refusalHeaders(reason) });
  stream.end(problemOf(reason));
}

/** Makes the session of a connection of HTTP/2 that is refused, and ends it after its first request. */
const servers = new Map<RefusalReason, Http2Server>();

export function refuseHttp2(socket: Socket, bytes: Buffer, reason: RefusalReason): void {
  let server = servers.get(reason);
  if (server === undefined) {
    server = createHttp2Server();
    server.on("stream", (stream, headers) => {
      stream.on("error", () => {});
      refuseStream(stream, headers["content-type"], reason);
      stream.session?.close();
    });
    server.on("sessionError", () => {});
    servers.set(reason, server);
  }
  socket.unshift(bytes);
  server.emit("connection", socket);
}
