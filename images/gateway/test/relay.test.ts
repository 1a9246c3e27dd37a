import { once } from "node:events";
import { Duplex } from "node:stream";
import { SocketGroup, StreamTransport } from "@weftkit/sockets";
import { expect, test } from "vitest";
import { Relay } from "../src/tcp/relay.ts";

test("a client that does not read what it was sent is a connection for as long as it is there", async () => {
  const group = new SocketGroup();
  const client = new Duplex({ read() {}, write() {} });
  const server = new Duplex({ read() {}, write: (_chunk, _encoding, written) => written() });
  let isOver = false;
  new Relay(group, new StreamTransport(client), new StreamTransport(server), [], {}, () => {
    isOver = true;
  });
  server.push("an answer");
  await once(server, "data");
  server.destroy();
  await once(server, "close");
  expect([client.destroyed, isOver]).toEqual([false, false]);
  client.destroy();
  await once(client, "close");
  expect(isOver).toBe(true);
  group.end();
});
