import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { startService } from "@weftkit/host";
import { freePort } from "@weftkit/testing/free-ports";
import { MessageReader, readErrorFields } from "@weftkit/wire-postgres";
import { Redis } from "ioredis";
import { expect, onTestFinished, test } from "vitest";
import { Gateway } from "../src/gateway.ts";

/** A server that answers PING with its name, and any other line with what came. */
async function backend(name: string): Promise<{ port: number; kill(): void }> {
  const sockets = new Set<Socket>();
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket.on("error", () => {}));
    socket.on("data", (bytes: Buffer) =>
      socket.write(/ping/i.test(bytes.toString("latin1")) ? `+${name}\r\n` : "+OK\r\n"),
    );
    socket.on("end", () => socket.end("+BYE\r\n"));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const kill = () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  onTestFinished(kill);
  return { port: (server.address() as AddressInfo).port, kill };
}

async function start(backends: readonly string[]) {
  const running = await startService(
    { name: "gateway", version: "0.1.0", authenticates: false, create: () => new Gateway() },
    {
      config: {
        server: { bind: "127.0.0.1", admin_port: 0 },
        gateway: { port: 0, backends, access_log: false },
      },
    },
  );
  onTestFinished(() => running.stop().catch(() => {}));
  return running;
}

function redis(port: number): Redis {
  const client = new Redis({ port, host: "127.0.0.1", enableReadyCheck: false, disableClientInfo: true });
  client.on("error", () => {});
  onTestFinished(() => client.disconnect());
  return client;
}

test("a real driver reaches the engine of its port, and the next backend when the first is gone", async () => {
  const [one, two] = [await backend("one"), await backend("two")];
  const { service } = await start([`inmemory=127.0.0.1:${one.port}`, `inmemory=127.0.0.1:${two.port}`]);
  const client = redis(service.portOf("inmemory"));
  expect(await client.ping()).toBe("one");
  one.kill();
  expect(await client.ping()).toBe("two");
});

test("a client that sends no more still gets what is answered", async () => {
  const { port } = await backend("one");
  const { service } = await start([`inmemory=127.0.0.1:${port}`]);
  const client = connect({ port: service.portOf("inmemory"), host: "127.0.0.1", allowHalfOpen: true });
  let answer = "";
  client.setEncoding("utf8").on("data", (text: string) => {
    answer += text;
  });
  client.end("PING\r\n");
  await once(client, "end");
  expect(answer).toBe("+one\r\n+BYE\r\n");
});

test("without a backend that can be reached a client is told so in its protocol", async () => {
  const { service } = await start([`inmemory=127.0.0.1:${await freePort()}`]);
  const client = connect(service.portOf("inmemory"), "127.0.0.1").setEncoding("utf8");
  client.write("PING\r\n");
  const [answer] = await once(client, "data");
  expect(answer).toBe("-ERR no server can be reached that would answer; try again later\r\n");
  const nobody = connect(service.portOf("relational"), "127.0.0.1");
  nobody.write(Buffer.from("00000012000300007573657200616e6e0000", "hex"));
  const [error] = (await once(nobody, "data")) as [Buffer];
  expect(readErrorFields(new MessageReader(error, 5)).code).toBe("57P03");
});

test("a shutdown ends connections that wait for nothing", async () => {
  const { port } = await backend("one");
  const running = await start([`inmemory=127.0.0.1:${port}`]);
  const client = connect(running.service.portOf("inmemory"), "127.0.0.1");
  client.write("PING\r\n");
  await once(client, "data");
  const ended = once(client, "close");
  await running.stop();
  await ended;
});

test("backends that cannot be read stop the start, all at once", async () => {
  await expect(start(["redis=a:1", "inmemory"])).rejects.toThrow(
    /2 mistakes[\s\S]*is no engine[\s\S]*is not <engine>/,
  );
});
