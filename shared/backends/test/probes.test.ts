import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import type { EngineName } from "@weftkit/config";
import { createLogger } from "@weftkit/observe";
import { freePort } from "@weftkit/testing/free-ports";
import { expect, onTestFinished, test } from "vitest";
import { Backends, connect, makeBackend, protocolProbe, staticSource, tcpProbe } from "../src/index.ts";

const { signal } = new AbortController();
const probe = protocolProbe({ verify: true });

async function serve(onConnection: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on("error", () => {}));
    onConnection(socket);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as AddressInfo).port;
}

function at(engine: EngineName, port: number) {
  return makeBackend({ engine, host: "127.0.0.1", port });
}

const mongoReply = Buffer.from("2600000001000000010000 00dd070000".replaceAll(" ", ""), "hex");

test.each<[EngineName, Buffer | string, Buffer | string]>([
  ["relational", "N", "E"],
  ["inmemory", "-NOAUTH Authentication required.\r\n", "-LOADING busy\r\n"],
  ["document", mongoReply, "HTTP/1.1 400 Bad Request\r\n"],
  ["graph", Buffer.from([0, 0, 4, 5]), Buffer.alloc(4)],
  ["keyvalue", "HTTP/1.1 404 Not Found\r\n\r\n", "HTTP/1.1 503 Unavailable\r\n\r\n"],
  ["vector", Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]), "HTTP/1.1 400 Bad Request\r\n"],
])("%s is well when it answers in its protocol", async (engine, good, bad) => {
  const well = await serve((socket) => socket.once("data", () => socket.write(good)));
  await probe(at(engine, well), 5000, signal);
  const ill = await serve((socket) => socket.once("data", () => socket.write(bad)));
  await expect(probe(at(engine, ill), 5000, signal)).rejects.toThrow(/not speak/);
});

test("who says nothing, hangs up or is not there is not well", async () => {
  const silent = await serve(() => {});
  await tcpProbe(at("inmemory", silent), 5000, signal);
  await expect(probe(at("inmemory", silent), 50, signal)).rejects.toThrow(/did not answer within/);
  const rude = await serve((socket) => socket.destroy());
  await expect(probe(at("inmemory", rude), 5000, signal)).rejects.toThrow(/hung up/);
  const closed = await freePort();
  await expect(tcpProbe(at("inmemory", closed), 5000, signal)).rejects.toThrow(/ECONNREFUSED/);
  await expect(
    connect({ host: "127.0.0.1", port: closed }, { timeoutMs: 1000, signal: AbortSignal.abort() }),
  ).rejects.toThrow(/given up/);
});

test("health checks take a backend out and back in", async () => {
  let isWell = false;
  const asked = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const port = await serve((socket) =>
    socket.once("data", () => socket.end(isWell ? "+PONG\r\n" : "-LOADING\r\n")),
  );
  const said: string[] = [];
  const log = createLogger({
    level: "info",
    image: "test",
    stream: {
      write: (line) => {
        said.push((JSON.parse(line) as { msg: string }).msg);
        asked[said.length - 1]?.resolve();
      },
    },
  });
  const health = { intervalMs: 5, timeoutMs: 5000, unhealthyAfter: 2, healthyAfter: 1 };
  const backends = new Backends({ sources: [staticSource([at("inmemory", port)])], log, probe, health });
  await backends.open();
  onTestFinished(() => backends.close());
  await asked[0]!.promise;
  expect(backends.states()[0]?.state).toBe("unhealthy");
  isWell = true;
  await asked[1]!.promise;
  expect(backends.states()[0]?.state).toBe("in");
  expect(said).toEqual(["a backend is unhealthy", "a backend is healthy again"]);
});
