import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { DiscoveryClient, DiscoveryError } from "../src/index.ts";

/** A node that answers so; where it is. */
async function node(listener: RequestListener): Promise<URL> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

function clientOf(...urls: URL[]): DiscoveryClient {
  const client = new DiscoveryClient({ urls, token: undefined, tls: {} });
  onTestFinished(() => client.close());
  return client;
}

const stuck: RequestListener = (_, answer) => {
  answer.writeHead(200, { "content-type": "application/json" });
  answer.write('{"groups":');
};

test("a node that does not end its answer is given up, and the next one is asked", async () => {
  const well = await node((_, answer) => answer.end('{"groups":[]}'));
  const client = clientOf(await node(stuck), well);
  expect((await client.ask("/groups", { timeoutMs: 1000 })).value).toEqual({ groups: [] });
  expect(client.url).toBe(well.origin);
});

test("when no node ends its answer, that is an error", async () => {
  const client = clientOf(await node(stuck));
  const asked = client.ask("/groups", { timeoutMs: 100 });
  await expect(asked).rejects.toThrow(DiscoveryError);
  await expect(asked).rejects.toThrow("no whole answer in 100 ms");
});

test("what a node refuses is not asked of the next one", async () => {
  const refusing = await node((_, answer) => {
    answer.writeHead(409).end('{"type":"urn:weftkit:problem:older-epoch","detail":"too late"}');
  });
  const client = clientOf(refusing, await node(stuck));
  await expect(client.ask("/groups", { timeoutMs: 1000 })).rejects.toMatchObject({
    status: 409,
    type: "older-epoch",
    message: `${refusing.origin} answered 409: too late`,
  });
});
