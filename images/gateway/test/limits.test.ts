import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { Client, credentials } from "@grpc/grpc-js";
import { readProxyHeader } from "@weftkit/peek";
import { randomNumbers } from "@weftkit/testing/random-numbers";
import { Redis } from "ioredis";
import { MongoClient } from "mongodb";
import neo4j from "neo4j-driver";
import pg from "pg";
import { describe, expect, onTestFinished, test } from "vitest";
import { certificate, named, routesFile, serverOf, startGateway } from "./start-gateway.ts";

/** A server that takes what comes, and answers it with silence. */
const silent = () => serverOf((socket) => socket.resume());

/** A connection that takes the only place of a route, and keeps it. */
function occupy(port: number, bytes: Buffer | string): void {
  const socket = connect(port, "127.0.0.1").on("error", () => {});
  onTestFinished(() => {
    socket.destroy();
  });
  socket.write(bytes);
}

const startup = Buffer.from("00000012000300007573657200616e6e0000", "hex");
const magic = Buffer.from("6060b01700000005000000040000000000000000", "hex");
const hello = Buffer.from(
  "2d0000000100000000000000dd0700000000000000180000001068656c6c6f0001000000022464620002000000610000",
  "hex",
);

describe("one client too many is told so in its own words:", () => {
  const start = async (engine: string) => {
    const server = await silent();
    const file = routesFile(`
backends = ["${engine}=127.0.0.1:${server.port}"]
[[routes]]
target = "${engine}"
max_connections = 1
`);
    const { service, adminPort } = await startGateway({ routes_file: file });
    const port = service.portOf("shared");
    const inPlace = async (bytes: Buffer | string) => {
      occupy(port, bytes);
      await expect
        .poll(async () => (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text())
        .toMatch(new RegExp(`weftkit_gateway_route_connections\\{.*route="${engine}".*\\} 1`));
    };
    return { port, inPlace };
  };

  test("pg", async () => {
    const { port, inPlace } = await start("relational");
    await inPlace(startup);
    const client = new pg.Client({ host: "127.0.0.1", port, user: "ann" });
    await expect(client.connect()).rejects.toMatchObject({ code: "53300" });
  });

  test("ioredis", async () => {
    const { port, inPlace } = await start("inmemory");
    await inPlace("PING\r\n");
    const client = new Redis({
      port,
      host: "127.0.0.1",
      retryStrategy: () => null,
      enableReadyCheck: false,
      disableClientInfo: true,
    });
    onTestFinished(() => client.disconnect());
    client.on("error", () => {});
    await expect(client.ping()).rejects.toThrow("ERR max number of clients reached");
  });

  test("neo4j-driver", async () => {
    const { port, inPlace } = await start("graph");
    await inPlace(magic);
    const driver = neo4j.driver(`bolt://127.0.0.1:${port}`, undefined, { maxTransactionRetryTime: 0 });
    onTestFinished(() => driver.close());
    await expect(driver.verifyConnectivity()).rejects.toMatchObject({
      code: "Neo.TransientError.Request.NoThreadsAvailable",
    });
  });

  test("mongodb", async () => {
    const { port, inPlace } = await start("document");
    await inPlace(hello);
    const client = new MongoClient(`mongodb://127.0.0.1:${port}/?directConnection=true`, {
      serverSelectionTimeoutMS: 1000,
    });
    onTestFinished(() => client.close());
    await expect(client.connect()).rejects.toThrow("too many connections; try again later");
  });
});

/** An HTTP server whose answers wait until they are let go. */
async function slowServer() {
  const waiting: (() => void)[] = [];
  const server = createServer((request, response) => {
    const answer = () => response.end("done");
    // The gateway's own question, whether it is well.
    if (request.headers.host === "health") answer();
    else waiting.push(answer);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, waiting };
}

describe("HTTP", () => {
  test("has 503 and 429 with Retry-After, by requests under way and a second", async () => {
    const { port, waiting } = await slowServer();
    const file = routesFile(`
backends = ["markdown=127.0.0.1:${port}"]
[[routes]]
name = "one"
target = "markdown"
path = ["/one"]
max_connections = 1
[[routes]]
name = "rate"
target = "markdown"
path = ["/rate"]
max_request_rate = 1
`);
    const { service } = await startGateway({ routes_file: file });
    const url = `http://127.0.0.1:${service.portOf("shared")}`;
    const first = fetch(`${url}/one`);
    await expect.poll(() => waiting.length).toBe(1);
    const second = await fetch(`${url}/one`);
    expect([second.status, second.headers.get("retry-after")]).toEqual([503, "1"]);
    waiting.shift()!();
    expect(await (await first).text()).toBe("done");
    const answers = Array.from({ length: 20 }, () => fetch(`${url}/rate`));
    const refused = await Promise.any(answers);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "1"]);
    expect(await refused.json()).toMatchObject({ status: 429, reason: "rate" });
    for (const answer of waiting.splice(0)) answer();
  });

  test("requests under way are answered when the gateway shuts down, and are the connection's last", async () => {
    const { port, waiting } = await slowServer();
    const { service, stop } = await startGateway({ backends: [`markdown=127.0.0.1:${port}`] });
    const answer = fetch(`http://127.0.0.1:${service.portOf("shared")}/v1`);
    await expect.poll(() => waiting.length).toBe(1);
    const stopped = stop();
    waiting.shift()!();
    expect((await answer).headers.get("connection")).toBe("close");
    expect(await (await answer).text()).toBe("done");
    await stopped;
  });
});

test("a server that dies under load costs no GET, and comes to be left alone", async () => {
  const serve = async (name: string) => {
    const server = createServer((_request, response) => response.end(name)).listen(0, "127.0.0.1");
    await once(server, "listening");
    const kill = () => {
      server.closeAllConnections();
      server.close();
    };
    onTestFinished(kill);
    return { port: (server.address() as AddressInfo).port, kill };
  };
  const [one, two] = [await serve("one"), await serve("two")];
  const { service } = await startGateway({
    backends: [`markdown=127.0.0.1:${one.port}`, `markdown=127.0.0.1:${two.port}`],
    access_log: false,
  });
  const url = `http://127.0.0.1:${service.portOf("shared")}/`;
  const seen = new Set<string>();
  const load = async () => {
    for (let round = 0; round < 50; round++) {
      const answer = await fetch(url);
      seen.add(`${answer.status} ${await answer.text()}`);
      if (round === 20) one.kill();
    }
  };
  await Promise.all(Array.from({ length: 8 }, load));
  expect(seen).toEqual(new Set(["200 one", "200 two"]));
  const states = service.status().backends as { id: string; state: string }[];
  expect(states.map(({ state }) => state === "in")).toEqual([false, true]);
});

test("HTTP/1.0 gets what has no length until the connection ends", async () => {
  const server = createServer((_request, response) => {
    response.write("first ");
    response.end("last");
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const { service } = await startGateway({ backends: [`markdown=127.0.0.1:${port}`] });
  const client = connect(service.portOf("shared"), "127.0.0.1").setEncoding("latin1");
  let answer = "";
  client.on("data", (text: string) => {
    answer += text;
  });
  client.write("GET / HTTP/1.0\r\n\r\n");
  await once(client, "close");
  expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\nfirst last$/);
  expect(answer).not.toMatch(/chunked/i);
});

test("gRPC has RESOURCE_EXHAUSTED", async () => {
  const server = await silent();
  const file = routesFile(`
backends = ["vector=127.0.0.1:${server.port}"]
[[routes]]
target = "vector"
max_request_rate = 1
`);
  const { service } = await startGateway({ routes_file: file, connect_timeout: "200ms" });
  const client = new Client(`127.0.0.1:${service.portOf("shared")}`, credentials.createInsecure());
  onTestFinished(() => client.close());
  const call = () => {
    const { promise, resolve } = Promise.withResolvers<number | undefined>();
    const none = () => Buffer.alloc(0);
    client.makeUnaryRequest("/a.B/C", none, none, null, (error) => resolve(error?.code));
    return promise;
  };
  // The first gets through to a server that is none.
  const codes = await Promise.all(Array.from({ length: 20 }, call));
  expect(new Set(codes)).toEqual(new Set([14, 8]));
});

test("new connections a second are limited by route", async () => {
  const server = await named("one");
  const file = routesFile(`
backends = ["inmemory=127.0.0.1:${server.port}"]
[[routes]]
target = "inmemory"
max_connection_rate = 2
`);
  const { service } = await startGateway({ routes_file: file });
  const answers = await Promise.all(
    Array.from({ length: 20 }, async () => {
      const client = connect(service.portOf("inmemory"), "127.0.0.1").setEncoding("utf8");
      client.write("PING\r\n");
      const [answer] = (await once(client, "data")) as [string];
      client.destroy();
      return answer;
    }),
  );
  expect(new Set(answers)).toEqual(new Set(["one\n", "-BUSY too many requests; try again later\r\n"]));
});

test("max_connections of the gateway counts those who have not said what they want, too", async () => {
  const server = await named("one");
  const { service } = await startGateway({
    backends: [`inmemory=127.0.0.1:${server.port}`],
    max_connections: 2,
  });
  const port = service.portOf("inmemory");
  const idle = [connect(port, "127.0.0.1"), connect(port, "127.0.0.1")];
  await Promise.all(idle.map((socket) => once(socket, "connect")));
  const client = connect(port, "127.0.0.1").setEncoding("utf8");
  client.write("PING\r\n");
  expect(await once(client, "data")).toEqual(["-ERR max number of clients reached\r\n"]);
  for (const socket of idle) socket.destroy();
  const next = async () => {
    const one = connect(port, "127.0.0.1").setEncoding("utf8");
    one.write("PING\r\n");
    return ((await once(one, "data")) as [string])[0];
  };
  await expect.poll(next).toBe("one\n");
});

test("clients that say too little or too slowly are closed, while others are served", async () => {
  const server = await named("one");
  const { service } = await startGateway({
    backends: [`inmemory=127.0.0.1:${server.port}`],
    first_bytes_timeout: "300ms",
    silence_timeout: "400ms",
  });
  const port = service.portOf("shared");
  const slow: Socket[] = [];
  for (const bytes of ["", "GET / HT", "*1\r", "\x16\x03\x01\x02\x00", "\0\0\0", "PRI * HTTP/2.0\r\n"]) {
    const socket = connect(port, "127.0.0.1").on("error", () => {});
    if (bytes !== "") socket.write(bytes, "latin1");
    slow.push(socket);
  }
  const ended = Promise.all(slow.map((socket) => once(socket.resume(), "close")));
  const client = connect(port, "127.0.0.1").setEncoding("utf8");
  client.write("PING\r\n");
  expect(await once(client, "data")).toEqual(["one\n"]);
  await ended;
});

test("any first bytes are answered or closed, and nobody else notices", async () => {
  const seed = Number(process.env.WEFTKIT_TEST_SEED ?? Date.now() % 1_000_000);
  const random = randomNumbers(seed);
  const server = await named("one");
  const engines = ["relational", "document", "graph", "inmemory", "markdown", "vector"];
  const { service, lines } = await startGateway({
    backends: engines.map((engine) => `${engine}=127.0.0.1:${server.port}`),
    first_bytes_timeout: "200ms",
    silence_timeout: "200ms",
    connect_timeout: "200ms",
  });
  const starts = [
    "",
    "GET / HTTP/1.1\r\n",
    "*3\r\n$",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "\x16\x03\x01\0\x40\x01",
    "PROXY TCP4 ",
    "\r\n\r\n\0\r\nQUIT\n",
  ].map((text) => Buffer.from(text, "latin1"));
  starts.push(startup, magic, hello);
  const rounds = Number(process.env.WEFTKIT_TEST_ROUNDS ?? 200);
  for (let round = 0; round < rounds; round += 20) {
    await Promise.all(
      Array.from({ length: 20 }, async () => {
        const start = starts[Math.floor(random() * starts.length)]!;
        const noise = Buffer.from(Array.from({ length: Math.floor(random() * 200) }, () => random() * 256));
        const bytes = Buffer.concat([start.subarray(0, Math.ceil(random() * start.length)), noise]);
        const socket = connect(service.portOf("shared"), "127.0.0.1").on("error", () => {});
        socket.resume().end(bytes);
        const left = AbortSignal.timeout(20_000);
        await once(socket, "close", { signal: left }).catch(() => {
          throw new Error(`seed ${seed}: not closed after ${bytes.toString("base64")}`);
        });
      }),
    );
  }
  const client = connect(service.portOf("inmemory"), "127.0.0.1").setEncoding("utf8");
  client.write("PING\r\n");
  expect(await once(client, "data"), `seed ${seed}`).toEqual(["one\n"]);
  expect(
    lines.filter(({ level }) => level === "error"),
    `seed ${seed}`,
  ).toEqual([]);
  await expect.poll(() => service.status().connections).toBeLessThanOrEqual(1);
});

test("an HTTP/2 client that ends in the middle of a frame is closed", async () => {
  const server = await named("one");
  const { service } = await startGateway({ backends: [`vector=127.0.0.1:${server.port}`] });
  const socket = connect(service.portOf("shared"), "127.0.0.1").on("error", () => {});
  socket.resume().end("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0");
  await once(socket, "close");
  await expect.poll(() => service.status().connections).toBe(0);
});

test("a server gets the PROXY header, version 2, with the client's own ends", async () => {
  const found = Promise.withResolvers<ReturnType<typeof readProxyHeader>>();
  const server = await serverOf((socket) => {
    socket.once("data", (bytes: Buffer) => {
      found.resolve(readProxyHeader(bytes));
      socket.end("done");
    });
  });
  const file = routesFile(`
backends = ["inmemory=127.0.0.1:${server.port}"]
[[routes]]
target = "inmemory"
proxy_protocol = "v2"
`);
  const { service } = await startGateway({ routes_file: file });
  const port = service.portOf("inmemory");
  const client = connect(port, "127.0.0.1");
  client.write("PING\r\n");
  expect(await found.promise).toMatchObject({
    ends: { sourceAddress: "127.0.0.1", sourcePort: client.localPort, targetPort: port },
  });
  client.destroy();
});

test("with tls_required it needs a certificate, and without engine_ports it has the shared port alone", async () => {
  await expect(startGateway({ tls_required: true })).rejects.toThrow("gateway.tls_required: true, but");
  const files = certificate("localhost");
  const { port } = await silent();
  const { service } = await startGateway(
    { tls_required: true, engine_ports: false, backends: [`inmemory=127.0.0.1:${port}`] },
    { tls: { enabled: true, ...files } },
  );
  expect(service.portOf("inmemory")).toBe(0);
  const socket = connect(service.portOf("shared"), "127.0.0.1");
  socket.write("*1\r\n$4\r\nPING\r\n");
  const [answer] = await once(socket, "data");
  expect(String(answer)).toContain("this needs TLS");
  socket.destroy();
});
