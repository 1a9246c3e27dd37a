import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createHttp2Server, connect as http2 } from "node:http2";
import { request } from "node:https";
import { type AddressInfo, connect, type Socket } from "node:net";
import { createServer as createTlsServer, connect as tlsConnect } from "node:tls";
import { boltMagic } from "@weftkit/wire-bolt";
import { writeMsg } from "@weftkit/wire-mongo";
import { afterEach, describe, expect, onTestFinished, test } from "vitest";
import { certificate, named, routesFile, serverOf, startGateway } from "./start-gateway.ts";

/** A startup packet of PostgreSQL. */
function startup(user: string, database: string): Buffer {
  const body = Buffer.from(`\0\x03\0\0user\0${user}\0database\0${database}\0\0`, "latin1");
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length + 4);
  return Buffer.concat([length, body]);
}

const sslRequest = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);
const hello = writeMsg({
  requestId: 1,
  body: Buffer.from("1f0000001068656c6c6f00010000000224646200060000006100000000", "hex").fill(0, 0, 0),
});

const clients: Socket[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.destroy();
});

/** What a connection that begins with these bytes is answered, until it ends. */
async function ask(socket: Socket, bytes: Buffer | string): Promise<string> {
  clients.push(socket.on("error", () => {}));
  let answer = "";
  socket.setEncoding("latin1").on("data", (text: string) => {
    answer += text;
  });
  socket.write(bytes);
  await once(socket, "close");
  return answer;
}

const plain = (port: number) => connect(port, "127.0.0.1");

/** An HTTP server that answers with its name and what it was asked. */
async function httpServer(name: string): Promise<{ port: number; headers: Record<string, unknown>[] }> {
  const headers: Record<string, unknown>[] = [];
  const server = createServer((incoming, response) => {
    // The gateway asks for its backends' health by itself.
    if (incoming.headers.host !== "health") headers.push(incoming.headers);
    let body = "";
    incoming.setEncoding("utf8").on("data", (text: string) => {
      body += text;
    });
    incoming.on("end", () => {
      response.setHeader("X-Name", name);
      response.end(`${name} ${incoming.method} ${incoming.url} ${body}`);
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, headers };
}

/** A server of HTTP/2 that answers every stream with its name and, as gRPC does, trailers. */
async function http2Server(name: string): Promise<{ port: number }> {
  const server = createHttp2Server();
  server.on("stream", (stream) => {
    stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0", "grpc-message": name }));
    stream.resume();
    stream.on("end", () => stream.end(name));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
  });
  return { port: (server.address() as AddressInfo).port };
}

describe("on the shared port", () => {
  test("protocols are told apart by their first bytes", async () => {
    const names = ["relational", "document", "graph", "inmemory"] as const;
    const servers = await Promise.all(names.map((name) => named(name)));
    const backends = names.map((name, index) => `${name}=127.0.0.1:${servers[index]!.port}`);
    const { service } = await startGateway({ backends });
    const magic = Buffer.alloc(20);
    magic.writeUInt32BE(boltMagic);
    const port = service.portOf("shared");
    expect(await ask(plain(port), startup("ann", "db"))).toBe("relational\n");
    expect(await ask(plain(port), hello)).toBe("document\n");
    expect(await ask(plain(port), magic)).toBe("graph\n");
    expect(await ask(plain(port), "*1\r\n$4\r\nPING\r\n")).toBe("inmemory\n");
    expect(await ask(plain(port), "PING\r\n")).toBe("inmemory\n");
    expect(await ask(plain(port), Buffer.concat([sslRequest]))).toBe("relational\n");
    expect(await ask(plain(port), "\x7f\x45\x4c\x46\x02\x01\x01")).toBe("");
  });

  test("HTTP goes by what is asked for, request by request on one connection", async () => {
    const [dynamodb, s3, notes] = [
      await httpServer("keyvalue"),
      await httpServer("filestore"),
      await httpServer("markdown"),
    ];
    const file = routesFile(`
[[routes]]
target = "keyvalue"
aws = "dynamodb"
[[routes]]
target = "filestore"
aws = "s3"
[[routes]]
target = "markdown"
path = ["/v1"]
`);
    const backends = [
      `keyvalue=127.0.0.1:${dynamodb.port}`,
      `filestore=127.0.0.1:${s3.port}`,
      `markdown=127.0.0.1:${notes.port}`,
    ];
    const { service, lines } = await startGateway({ backends, routes_file: file });
    const url = `http://127.0.0.1:${service.portOf("shared")}`;
    const text = async (path: string, init: RequestInit = {}) => {
      const answer = await fetch(url + path, init);
      return `${answer.status} ${await answer.text()}`;
    };
    const scope = "AWS4-HMAC-SHA256 Credential=a/20260101/eu/s3/aws4_request, Signature=b";
    expect(
      await text("/", {
        method: "POST",
        body: "{}",
        headers: { "x-amz-target": "DynamoDB_20120810.ListTables" },
      }),
    ).toBe("200 keyvalue POST / {}");
    expect(await text("/b/k", { headers: { authorization: scope } })).toBe("200 filestore GET /b/k ");
    const trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    expect(await text("/v1/a?b=c", { headers: { traceparent: trace, "x-forwarded-for": "192.0.2.1" } })).toBe(
      "200 markdown GET /v1/a?b=c ",
    );
    expect(notes.headers[0]).toMatchObject({
      traceparent: trace,
      "x-forwarded-for": "127.0.0.1",
      "x-forwarded-proto": "http",
    });
    expect(s3.headers[0]?.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
    expect(await text("/v2")).toMatch(/^404 .*"reason":"no_route"/);
    expect(lines.find(({ path }) => path === "/v1/a")).toMatchObject({
      route: "markdown",
      method: "GET",
      status: 200,
      traceparent: trace,
    });
  });

  test("gRPC goes by service, and its trailers come back", async () => {
    const server = await http2Server("vector");
    const file = routesFile(`[[routes]]\ntarget = "vector"\nservice = ["weftkit.*"]\n`);
    const { service } = await startGateway({
      backends: [`vector=127.0.0.1:${server.port}`],
      routes_file: file,
    });
    const session = http2(`http://127.0.0.1:${service.portOf("shared")}`);
    onTestFinished(() => session.destroy());
    const call = async (path: string) => {
      const stream = session.request({
        ":method": "POST",
        ":path": path,
        "content-type": "application/grpc",
        te: "trailers",
      });
      let trailers: Record<string, unknown> = {};
      let first: Record<string, unknown> = {};
      stream.on("response", (headers) => {
        first = headers;
      });
      stream.on("trailers", (headers) => {
        trailers = headers;
      });
      let body = "";
      stream.setEncoding("utf8").on("data", (chunk: string) => {
        body += chunk;
      });
      stream.end("abc");
      await once(stream, "close");
      return { body, status: trailers["grpc-status"] ?? first["grpc-status"] };
    };
    expect(await call("/weftkit.vector.v1.Vectors/Search")).toEqual({ body: "vector", status: "0" });
    expect(await call("/other.Service/Call")).toEqual({ body: "", status: "12" });
  });
});

describe("PostgreSQL", () => {
  test("goes by database and user, and is told when there is no route", async () => {
    const [orders, ann] = [await named("orders"), await named("ann")];
    const file = routesFile(`
backends = ["relational/orders=127.0.0.1:${orders.port}", "relational/ann=127.0.0.1:${ann.port}"]
[[routes]]
target = "relational/orders"
database = ["orders"]
[[routes]]
target = "relational/ann"
user = ["ann"]
`);
    const { service } = await startGateway({ routes_file: file });
    const port = service.portOf("relational");
    expect(await ask(plain(port), startup("ann", "orders"))).toBe("orders\n");
    expect(await ask(plain(port), startup("ann", "x"))).toBe("ann\n");
    expect(await ask(plain(port), startup("bob", "x"))).toContain("C08004\0");
    // TLS that nobody here can end is refused, and the client goes on without.
    const client = plain(port);
    client.write(sslRequest);
    const [answer] = (await once(client, "data")) as [Buffer];
    expect(answer.toString()).toBe("N");
    expect(await ask(client, startup("ann", "x"))).toBe("ann\n");
  });
});

describe("TLS", () => {
  test("is ended here, with ALPN, and the protocol inside is routed by the server's name", async () => {
    const [one, two] = [await named("one"), await named("two")];
    const notes = await httpServer("markdown");
    const file = routesFile(`
backends = ["inmemory/one=127.0.0.1:${one.port}", "inmemory/two=127.0.0.1:${two.port}", "markdown=127.0.0.1:${notes.port}"]
[[routes]]
target = "inmemory/one"
sni = ["one.example.com"]
tls = "required"
[[routes]]
target = "inmemory/two"
sni = ["*.example.com"]
[[routes]]
target = "markdown"
`);
    const files = certificate("*.example.com");
    const { service } = await startGateway({ routes_file: file }, { tls: { enabled: true, ...files } });
    const port = service.portOf("shared");
    const ca = readFileSync(files.cert_file);
    const secured = (servername: string, ALPNProtocols?: string[]) =>
      tlsConnect({ port, host: "127.0.0.1", ca, servername, ...(ALPNProtocols && { ALPNProtocols }) });
    expect(await ask(secured("one.example.com"), "PING\r\n")).toBe("one\n");
    expect(await ask(secured("two.example.com"), "PING\r\n")).toBe("two\n");
    expect(await ask(plain(port), "PING\r\n")).toMatch(/^-ERR no route/);
    const alpn = secured("two.example.com", ["http/1.1"]);
    await once(alpn, "secureConnect");
    expect(alpn.alpnProtocol).toBe("http/1.1");
    alpn.destroy();
    const session = http2(`https://127.0.0.1:${port}`, { ca, servername: "two.example.com" });
    onTestFinished(() => session.destroy());
    const stream = session.request({ ":path": "/v1/x" });
    let body = "";
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      body += chunk;
    });
    await once(stream, "end");
    expect(body).toBe("markdown GET /v1/x ");
    const answer = Promise.withResolvers<number | undefined>();
    request({ port, host: "127.0.0.1", ca, servername: "two.example.com", path: "/v1/y" }, (response) => {
      response.resume();
      answer.resolve(response.statusCode);
    }).end();
    expect(await answer.promise).toBe(200);
  });

  test("is passed on unopened by the server's name, also behind PostgreSQL's request for it", async () => {
    const files = certificate("db.example.com");
    const material = { cert: readFileSync(files.cert_file), key: readFileSync(files.key_file) };
    const inner = createTlsServer(material, (socket) => socket.once("data", () => socket.end("inside\n")));
    // PostgreSQL's own server: asked in plain text, then TLS.
    const server = await serverOf((socket) => {
      socket.once("data", (bytes: Buffer) => {
        socket.pause();
        if (!bytes.equals(sslRequest)) {
          socket.unshift(bytes);
          inner.emit("connection", socket);
          return;
        }
        socket.write("S");
        inner.emit("connection", socket);
      });
    });
    const file = routesFile(`
backends = ["relational=127.0.0.1:${server.port}", "inmemory=127.0.0.1:${server.port}"]
[[routes]]
target = "relational"
sni = ["db.example.com"]
tls = "pass"
on = ["relational"]
[[routes]]
target = "inmemory"
sni = ["db.example.com"]
tls = "pass"
`);
    const here = certificate("gateway.example.com");
    const { service } = await startGateway({ routes_file: file }, { tls: { enabled: true, ...here } });
    const servername = "db.example.com";
    const direct = tlsConnect({
      port: service.portOf("shared"),
      host: "127.0.0.1",
      ca: material.cert,
      servername,
    });
    expect(await ask(direct, "PING\r\n")).toBe("inside\n");
    const asking = plain(service.portOf("relational"));
    asking.write(sslRequest);
    const [yes] = (await once(asking, "data")) as [Buffer];
    expect(yes.toString()).toBe("S");
    expect(await ask(tlsConnect({ socket: asking, ca: material.cert, servername }), startup("a", "b"))).toBe(
      "inside\n",
    );
  });
});

test("the PROXY protocol is read from those who are trusted, and written to servers", async () => {
  const seen: string[] = [];
  const server = await serverOf((socket) => {
    let text = "";
    socket.on("data", (bytes: Buffer) => {
      text += bytes.toString("latin1");
      if (!text.endsWith("PING\r\n")) return;
      seen.push(text);
      socket.end("done");
    });
  });
  const file = routesFile(`
backends = ["inmemory=127.0.0.1:${server.port}"]
[[routes]]
target = "inmemory"
proxy_protocol = "v1"
`);
  const { service } = await startGateway({ routes_file: file, trusted_proxies: ["127.0.0.0/8"] });
  const header = "PROXY TCP4 192.0.2.7 198.51.100.1 4000 443\r\n";
  expect(await ask(plain(service.portOf("inmemory")), `${header}PING\r\n`)).toBe("done");
  // The gateway asks for its servers' health by itself: for nobody, and with a header as well.
  await expect
    .poll(() => [...new Set(seen)].sort())
    .toEqual([`${header}PING\r\n`, "PROXY UNKNOWN\r\nPING\r\n"]);
});

test("a server of HTTP whose connections are shared gets no PROXY header, and its health is asked for without", async () => {
  const seen = new Set<string>();
  const server = await serverOf((socket) => {
    socket.once("data", (bytes: Buffer) => {
      seen.add(bytes.toString("latin1").split(" ", 1)[0]!);
      socket.end("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    });
  });
  const file = routesFile(
    `backends = ["markdown=127.0.0.1:${server.port}"]\n[[routes]]\ntarget = "markdown"\nproxy_protocol = "v2"\n`,
  );
  const { service } = await startGateway({ routes_file: file, health_interval: "100ms" });
  const request = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
  expect(await ask(plain(service.portOf("markdown")), request)).toMatch(/^HTTP\/1\.1 200/);
  await expect.poll(() => [...seen].sort()).toEqual(["GET", "POST"]);
});

test("routes are read again when they change, and stay when they are wrong", async () => {
  const [one, two] = [await named("one"), await named("two")];
  const text = (name: string, port: number) =>
    `backends = ["inmemory/${name}=127.0.0.1:${port}"]\n[[routes]]\ntarget = "inmemory/${name}"\n`;
  const file = routesFile(text("one", one.port));
  const { service, lines } = await startGateway({ routes_file: file });
  const port = service.portOf("inmemory");
  const logged = async (message: RegExp) => {
    await expect.poll(() => lines.some(({ msg }) => message.test(String(msg)))).toBe(true);
  };
  expect(await ask(plain(port), "PING\r\n")).toBe("one\n");
  writeFileSync(file, "[[routes]]\ntarget = 3\n");
  await logged(/cannot be used/);
  expect(await ask(plain(port), "PING\r\n")).toBe("one\n");
  writeFileSync(file, text("two", two.port));
  await logged(/were read again/);
  expect(await ask(plain(port), "PING\r\n")).toBe("two\n");
});

test("mistakes of a routes file stop the start, with file and line", async () => {
  const file = routesFile("[[routes]]\nnam = 1\n");
  await expect(startGateway({ routes_file: file })).rejects.toThrow(/routes\.toml:2[\s\S]*routes\.toml:1/);
});
