import { once } from "node:events";
import { createServer } from "node:net";
import { freePort } from "@weftkit/testing/free-ports";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { describe, expect, test } from "vitest";
import { startImage } from "../src/index.ts";
import { EchoEngine, imageOf } from "./echo-engine.ts";
import { Client, page, settings, startEcho, until } from "./fixtures.ts";

describe("an image", () => {
  test("serves clients, and stops without leaving anything open", async () => {
    const dataDir = temporaryFolder();
    const { image, engine } = await startEcho({ config: settings(dataDir) });
    const client = await Client.tcp(image.port);
    expect(await client.line()).toBe("hello nobody");
    expect(await client.say("abc")).toBe("abc");
    expect(engine.peers[0]).toMatchObject({ address: "127.0.0.1", tls: false });
    expect(engine.context?.section.port).toBe(0);

    await image.stop();
    await client.closed;
    expect(engine.context?.signal.aborted).toBe(true);
    await expect(Client.tcp(image.port)).rejects.toMatchObject({ code: "ECONNREFUSED" });
    await expect(fetch(`http://127.0.0.1:${image.adminPort}/livez`)).rejects.toThrow();
    await startEcho({ config: settings(dataDir) });
  });

  test("gives its engine no secret", async () => {
    const config = { ...settings(temporaryFolder()), auth: { password: "hush" } };
    const { engine } = await startEcho({ config });
    expect(JSON.stringify(engine.context?.config)).not.toMatch(/hush/);
    expect((await engine.context?.auth.verifyPassword("weftkit", "hush"))?.roles).toEqual(["superuser"]);
  });

  test("is alive but not ready while its engine opens", async () => {
    const engine = new EchoEngine();
    const opening = Promise.withResolvers<void>();
    engine.open = () => opening.promise;
    const adminPort = await freePort();
    const config = settings(temporaryFolder());
    const starting = startEcho(
      { config: { ...config, server: { ...config.server, admin_port: adminPort } } },
      engine,
    );
    await until(() =>
      page(adminPort, "/livez").then(
        ({ status }) => status === 200,
        () => false,
      ),
    );
    expect(await page(adminPort, "/readyz")).toMatchObject({
      status: 503,
      json: { components: { engine: { ok: false, why: "starting" } } },
    });
    opening.resolve();
    await starting;
    expect((await page(adminPort, "/readyz")).status).toBe(200);
  });

  test("says unsaved when its engine fails to close, and when it is late", async () => {
    const failing = new EchoEngine(() => Promise.reject(new Error("disk full")));
    const first = await startEcho({ config: settings(temporaryFolder()) }, failing);
    await expect(first.image.stop()).rejects.toMatchObject({ code: "unsaved", message: /disk full/ });

    const dataDir = temporaryFolder();
    const ended = Promise.withResolvers<void>();
    const late = await startEcho({ config: settings(dataDir) }, new EchoEngine(() => ended.promise));
    await expect(late.image.stop(1)).rejects.toMatchObject({ code: "unsaved", message: /deadline/ });
    // It may still be writing.
    await expect(startEcho({ config: settings(dataDir) })).rejects.toMatchObject({ code: "data_dir_locked" });
    ended.resolve();
    await until(() =>
      startEcho({ config: settings(dataDir) }).then(
        () => true,
        () => false,
      ),
    );
  });

  test("reports what its engine cannot go on from", async () => {
    const { image } = await startEcho();
    await (await Client.tcp(image.port)).say("fatal");
    expect(await image.failed).toMatchObject({ message: "fatal on demand" });
  });

  test("closes its engine when the data port is taken", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const { port } = taken.address() as { port: number };
    const dataDir = temporaryFolder();
    const closed = Promise.withResolvers<void>();
    const engine = new EchoEngine(async () => closed.resolve());
    await expect(startImage(imageOf(engine), { config: settings(dataDir, { port }) })).rejects.toMatchObject({
      code: "cannot_listen",
      message: `cannot listen on 127.0.0.1 port ${port}: EADDRINUSE`,
    });
    await closed.promise;
    taken.close();
    await startEcho({ config: settings(dataDir) });
  });

  test("lists mistakes of users, roles and certificates at once", async () => {
    const config = {
      ...settings(temporaryFolder()),
      auth: { users: [{ username: "u", password: "p", roles: ["raed"] }] },
      tls: { cert_file: "/nowhere.crt", key_file: "/nowhere.key" },
    };
    await expect(startEcho({ config })).rejects.toMatchObject({
      mistakes: [
        { where: "tls.cert_file", message: "cannot read /nowhere.crt: ENOENT" },
        { where: "tls.key_file", message: "cannot read /nowhere.key: ENOENT" },
        { where: 'user "u"', message: "unknown role raed; did you mean read?" },
      ],
    });
  });

  test("does not start without users, and says how to get some", async () => {
    const config = { ...settings(temporaryFolder()), auth: {} };
    await expect(startEcho({ config })).rejects.toThrow(/WEFTKIT_PASSWORD.*WEFTKIT_AUTH=none/s);
  });
});

describe("the connection limit", () => {
  test("refuses in the engine's own words, and counts again when a client leaves", async () => {
    const { image } = await startEcho({ config: settings(temporaryFolder(), { max_connections: 1 }) });
    const first = await Client.tcp(image.port);
    await first.line();
    const second = await Client.tcp(image.port);
    expect(await second.line()).toBe("refused max_connections");
    await second.closed;
    first.socket.destroy();
    await until(async () => (await (await Client.tcp(image.port)).line()) === "hello nobody");
  });

  test("takes the engine's word for sockets whose handle it took away", async () => {
    const { image, engine } = await startEcho({
      config: settings(temporaryFolder(), { max_connections: 1 }),
    });
    const first = await Client.tcp(image.port);
    await first.line();
    engine.peers[0]?.released();
    engine.peers[0]?.released();
    const second = await Client.tcp(image.port);
    expect(await second.line()).toBe("hello nobody");
    expect(await (await Client.tcp(image.port)).line()).toBe("refused max_connections");
  });
});

describe("the admin port", () => {
  test("shows health, metrics and status", async () => {
    const { image, engine } = await startEcho();
    await (await Client.tcp(image.port)).line();
    expect((await page(image.adminPort, "/livez")).status).toBe(200);
    expect((await page(image.adminPort, "/readyz")).json).toEqual({
      ready: true,
      components: { engine: { ok: true } },
    });
    expect((await page(image.adminPort, "/metrics")).text).toMatch(
      /^weftkit_connections\{image="inmemory"\} 1$/m,
    );
    expect((await page(image.adminPort, "/v1/status")).json).toMatchObject({
      name: "inmemory",
      version: "1.2.3",
      ready: true,
      connections: { open: 1, max: 10_000 },
      engine: { sockets: 1 },
    });
    engine.context?.readiness.set("disk", false, "full");
    expect(await page(image.adminPort, "/readyz")).toMatchObject({
      status: 503,
      json: { ready: false, components: { disk: { ok: false, why: "full" } } },
    });
    expect((await page(image.adminPort, "/nowhere")).status).toBe(404);
    expect((await page(image.adminPort, "/livez", { method: "DELETE" })).status).toBe(405);
  });

  test("refuses POST without the admin token", async () => {
    const post = (port: number, token: string) =>
      page(port, "/v1/nothing", { method: "POST", headers: { authorization: `Bearer ${token}` } });
    const { image: open } = await startEcho();
    expect((await post(open.adminPort, "x")).status).toBe(403);
    const config = settings(temporaryFolder());
    const { image } = await startEcho({
      config: { ...config, server: { ...config.server, admin_token: "hush" } },
    });
    expect((await post(image.adminPort, "wrong")).status).toBe(401);
    expect((await post(image.adminPort, "hush")).status).toBe(404);
  });
});
