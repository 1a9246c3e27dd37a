import { once } from "node:events";
import { connect } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { startService } from "../src/index.ts";
import { definitionOf, EchoService } from "./echo-service.ts";
import { page } from "./fixtures.ts";

const config = { server: { bind: "127.0.0.1", admin_port: 0, data_dir: "/nowhere" }, pool: { port: 0 } };

async function start(service: EchoService, values: Record<string, unknown> = config, authenticates = false) {
  const running = await startService(definitionOf(service, authenticates), { config: values });
  onTestFinished(() => running.stop().catch(() => {}));
  return running;
}

test("a service listens where its section says, and its admin port tells of it; no data dir is touched", async () => {
  const running = await start(new EchoService());
  const client = connect(running.service.port, "127.0.0.1");
  client.write("hello");
  expect(String((await once(client, "data"))[0])).toBe("hello");
  expect(running.service.context).toMatchObject({ dataDir: undefined, auth: undefined, tls: undefined });
  expect((await page(running.adminPort, "/readyz")).status).toBe(200);
  expect(JSON.parse((await page(running.adminPort, "/v1/status")).text)).toMatchObject({
    name: "pool",
    version: "1.2.3",
    ready: true,
    service: { sockets: 1 },
  });
  const ended = once(client, "close");
  await running.stop();
  await ended;
  await expect(page(running.adminPort, "/livez")).rejects.toThrow();
});

test("a service that authenticates does not start without users", async () => {
  await expect(start(new EchoService(), config, true)).rejects.toThrow(/WEFTKIT_PASSWORD|users/);
  const running = await start(new EchoService(), { ...config, auth: { password: "secret" } }, true);
  expect(running.service.context?.auth?.method).toBe("password");
});

test("mistakes of its section are mistakes of the configuration", async () => {
  await expect(start(new EchoService(), { ...config, pool: { prot: 1 } })).rejects.toThrow(
    /pool\.prot: unknown key; did you mean port/,
  );
});

test("a service that does not close within its budget is told of", async () => {
  const running = await start(new EchoService(() => new Promise(() => {})));
  await expect(running.stop(10)).rejects.toThrow(
    /weftkit\/pool did not close: the shutdown's 10 ms are over/,
  );
});
