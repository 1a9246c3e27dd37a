import { constants, type IncomingHttpHeaders, type OutgoingHttpHeaders } from "node:http2";
import type { Route } from "../routes/route.ts";
import type { Http2Exchange } from "./exchanges.ts";
import type { Forwarded } from "./http1-forward.ts";
import type { Http2Upstream } from "./http2-upstream.ts";

/** Forwards a stream to a server of the route that speaks HTTP/2: headers, data and trailers, each as it comes. */
export function forwardHttp2(
  exchange: Http2Exchange,
  route: Route,
  upstream: Http2Upstream,
  told: Forwarded,
): void {
  const failed = () => {
    told.refused("no_backend");
    if (!exchange.isOver) exchange.refuse("no_backend");
  };
  upstream.take(route).then((taken) => {
    if (taken === undefined) failed();
    else if (exchange.isOver) taken.release();
    else pass(exchange, taken, told, failed);
  }, failed);
}

type Taken = NonNullable<Awaited<ReturnType<Http2Upstream["take"]>>>;

function pass(exchange: Http2Exchange, taken: Taken, told: Forwarded, failed: () => void): void {
  const client = exchange.stream;
  const server = taken.session.request(pseudoAndOthers(exchange), { endStream: !exchange.hasBody });
  let trailers: OutgoingHttpHeaders = {};
  let hasAnswered = false;
  if (exchange.hasBody) client.pipe(server);
  server.on("response", (headers, flags) => {
    hasAnswered = true;
    const status = Number(headers[":status"] ?? 502);
    told.answered(status, taken.id);
    if (exchange.isOver) return;
    // gRPC's errors without an answer are trailers alone.
    const isWhole = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
    client.respond(copyOf(headers), isWhole ? { endStream: true } : { waitForTrailers: true });
    if (isWhole) return;
    client.once("wantTrailers", () => client.sendTrailers(trailers));
    server.pipe(client);
  });
  server.on("data", (chunk: Buffer) => told.sent(chunk.length));
  server.on("trailers", (headers) => {
    trailers = copyOf(headers);
  });
  server.on("error", () => {});
  server.on("close", () => {
    taken.release();
    if (client.destroyed || client.closed) return;
    if (!hasAnswered) failed();
    else if (server.rstCode !== constants.NGHTTP2_NO_ERROR) client.close(server.rstCode);
  });
  client.on("close", () => {
    const code = client.rstCode === constants.NGHTTP2_NO_ERROR ? constants.NGHTTP2_CANCEL : client.rstCode;
    if (!server.closed) server.close(code);
  });
}

function pseudoAndOthers(exchange: Http2Exchange): OutgoingHttpHeaders {
  const { method, target, headers } = exchange;
  const sent: OutgoingHttpHeaders = { ":method": method, ":path": target };
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at]!.toLowerCase();
    const value = headers[at + 1]!;
    if (name === "host") sent[":authority"] = value;
    else if (sent[name] === undefined) sent[name] = value;
    else sent[name] = name === "cookie" ? `${sent[name]}; ${value}` : `${sent[name]}, ${value}`;
  }
  // Of the headers of a connection the one that HTTP/2 has, and gRPC asks for.
  if (exchange.isGrpc) sent.te = "trailers";
  return sent;
}

function copyOf(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers)) as OutgoingHttpHeaders;
}
