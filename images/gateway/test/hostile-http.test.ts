import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import {
  type ClientHttp2Session,
  connect as connectHttp2,
  createServer as createHttp2Server,
} from "node:http2";
import { type AddressInfo, connect } from "node:net";
import { text } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import { readAsked } from "../src/http/asked.ts";
import { endToEnd } from "../src/http/headers.ts";
import { routesFile, startGateway } from "./start-gateway.ts";

/** A gateway's shared port before a server of HTTP/1.1 that keeps what it is asked, and one of HTTP/2 that answers everything with 200. */
async function start() {
  const asked: string[] = [];
  const http1 = createServer(async (request: IncomingMessage, response) => {
    // Beside what the gateway asks by itself, whether it is well.
    if (request.headers.host !== "health") {
      asked.push(`${request.method} ${request.url} ${await text(request)}`);
    }
    response.end("answer");
  }).listen(0, "127.0.0.1");
  const http2 = createHttp2Server((_request, response) => response.end()).listen(0, "127.0.0.1");
  await Promise.all([once(http1, "listening"), once(http2, "listening")]);
  onTestFinished(() => {
    http1.close();
    http1.closeAllConnections();
    http2.close();
  });
  const [one, two] = [http1, http2].map((server) => (server.address() as AddressInfo).port);
  const { service } = await startGateway({
    routes_file: routesFile(`
backends = ["markdown=127.0.0.1:${one}", "vector=127.0.0.1:${two}"]
[[routes]]
target = "markdown"
[[routes]]
target = "vector"
`),
  });
  return { port: service.portOf("shared"), asked };
}

function session(port: number): ClientHttp2Session {
  const made = connectHttp2(`http://127.0.0.1:${port}`);
  made.on("error", () => {});
  onTestFinished(() => made.destroy());
  return made;
}

/** What is answered to a request without a body; undefined when the stream is reset. */
async function statusOf(
  client: ClientHttp2Session,
  headers: Record<string, string>,
): Promise<number | undefined> {
  const stream = client.request(headers, { endStream: headers[":method"] !== "CONNECT" });
  const { promise, resolve } = Promise.withResolvers<number | undefined>();
  stream.on("error", () => {});
  stream.once("response", (answer) => resolve(answer[":status"]));
  stream.once("close", () => resolve(undefined));
  stream.resume();
  return promise;
}

const smuggled = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";

test("a GET of HTTP/2 whose body has no length is one request for the server, body and all", async () => {
  const { port, asked } = await start();
  const stream = session(port).request({ ":path": "/first" }, { endStream: false });
  stream.end(smuggled);
  expect(await text(stream)).toBe("answer");
  expect(asked).toEqual([`GET /first ${smuggled}`]);
});

test("a GET whose length is named as a header of the connection is one request for the server, body and all", async () => {
  const { port, asked } = await start();
  const client = connect(port, "127.0.0.1");
  const head = `GET /first HTTP/1.1\r\nHost: a\r\nConnection: close, content-length\r\nContent-Length: ${smuggled.length}\r\n\r\n`;
  client.write(head + smuggled);
  expect(await text(client)).toContain("answer");
  expect(asked).toEqual([`GET /first ${smuggled}`]);
});

test("CONNECT over HTTP/2 is not implemented", async () => {
  const { port } = await start();
  const client = session(port);
  const headers = { ":method": "CONNECT", ":authority": "example.com:443" };
  expect(await statusOf(client, headers)).toBe(501);
  expect(await statusOf(client, { ...headers, "content-type": "application/grpc" })).toBe(501);
});

test("settings of HTTP/2 that a client says in a header go no further", async () => {
  const { port } = await start();
  const field = (name: string, value: string) =>
    Buffer.concat([
      Buffer.from([0, name.length]),
      Buffer.from(name),
      Buffer.from([value.length]),
      Buffer.from(value),
    ]);
  // Raw, as Node's client does not send it: POST, http, and the rest as literals (RFC 7541, 6.2.2).
  const fields = Buffer.concat([
    Buffer.from([0x83, 0x86]),
    field(":path", "/a.B/C"),
    field(":authority", "a"),
    field("content-type", "application/grpc"),
    field("http2-settings", "AAMAAABk"),
  ]);
  const endOfHeadersAndStream = 0x05;
  const client = connect(port, "127.0.0.1");
  onTestFinished(() => {
    client.destroy();
  });
  client.write(Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
  client.write(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]));
  client.write(Buffer.from([0, 0, fields.length, 1, endOfHeadersAndStream, 0, 0, 0, 1]));
  client.write(fields);
  let answer = Buffer.alloc(0);
  for await (const chunk of client) {
    answer = Buffer.concat([answer, chunk]);
    for (let at = 0; at + 9 < answer.length; at += 9 + answer.readUIntBE(at, 3)) {
      // HEADERS, and in them `:status: 200` of the static table.
      if (answer[at + 3] === 1) expect(answer[at + 9]).toBe(0x88);
      if (answer[at + 3] === 1) return;
    }
  }
  expect.unreachable("the connection has ended without an answer");
});

test("a header that names many others, and space between them, is read to its end", () => {
  const connection = `close ,${" ".repeat(100_000)}X-A${" ".repeat(100_000)}b`;
  expect(endToEnd(["X-A", "1", "Close", "2"], connection)).toEqual(["X-A", "1"]);
});

test("the service of a signature is the one before its end, however it was made up", () => {
  const read = (authorization: string) =>
    readAsked("/", (name) => (name === "authorization" ? authorization : undefined));
  const scope = "20260102/eu-1/s3/aws4_request";
  expect(read(`AWS4-HMAC-SHA256 Credential=AK/${scope}, SignedHeaders=host, Signature=0`).aws).toBe("s3");
  expect(read(`AWS4-HMAC-SHA256 Credential=AK/s3/aws4_request`).aws).toBeUndefined();
  const inTarget = (credential: string) =>
    readAsked(`/?X-Amz-Credential=${credential}&a=b`, () => undefined).aws;
  expect(inTarget(`AK%2F${scope.replaceAll("/", "%2F")}`)).toBe("s3");
  // It would be looked at for minutes if all its beginnings, days and services were tried with each other.
  const made = `${"?X-Amz-Credential=".repeat(1500)}${"%2F20260102".repeat(1500)}${"%2Fs3".repeat(5000)}`;
  expect(inTarget(made)).toBeUndefined();
});
