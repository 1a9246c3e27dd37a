import type { Duplex } from "node:stream";
import type { Problem } from "./problem.ts";
import { problems } from "./problems.ts";
import { requestIdOf } from "./request-id.ts";

/** Answers on a connection that has no request: the whole response by hand, then the end. */
function answerRaw(socket: Duplex, problem: Problem, reason: string): void {
  const id = requestIdOf(undefined);
  const body = `${JSON.stringify(problem.toJson(id))}\n`;
  const headers = {
    "content-type": "application/problem+json",
    "content-length": String(Buffer.byteLength(body)),
    "x-request-id": id,
    connection: "close",
    ...problem.headers,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${problem.type.status} ${reason}\r\n${lines.join("")}\r\n${body}`);
}

/** Too many clients. */
export function refuseConnection(socket: Duplex): void {
  const problem = problems.unavailable("too many clients are connected (max_connections); try again", {
    headers: { "retry-after": "1" },
  });
  answerRaw(socket, problem, "Service Unavailable");
}

/** What Node's parser could not read, or did not get in time. */
export function refuseMalformed(error: Error & { code?: string; rawPacket?: unknown }, socket: Duplex): void {
  if (!socket.writable || error.code === "ECONNRESET") {
    socket.destroy();
    return;
  }
  switch (error.code) {
    case "HPE_HEADER_OVERFLOW":
      answerRaw(
        socket,
        problems.headersTooLarge("address and headers together take more than 16 KB"),
        "Request Header Fields Too Large",
      );
      break;
    case "ERR_HTTP_REQUEST_TIMEOUT":
      answerRaw(socket, problems.requestTimeout("the request did not arrive in time"), "Request Timeout");
      break;
    default:
      if (error.code === "HPE_INVALID_METHOD" && isRequestLine(error.rawPacket)) {
        const problem = problems.methodNotImplemented("the request's method is none that is known here");
        answerRaw(socket, problem, "Not Implemented");
        break;
      }
      answerRaw(
        socket,
        problems.malformedRequest(`the request cannot be read: ${error.message}`),
        "Bad Request",
      );
  }
}

/** Whether what was sent begins as a request does (RFC 9112, 3), whatever its method is. */
function isRequestLine(sent: unknown): boolean {
  if (!Buffer.isBuffer(sent)) return false;
  return /^[!#$%&'*+.^_`|~\w-]+ \S+ HTTP\/1\.[01]\r?\n/.test(sent.toString("latin1", 0, 16_384));
}
