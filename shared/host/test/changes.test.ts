import { join } from "node:path";
import { recordChange, StoreChanges } from "@weftkit/changes";
import { openStore, type Store } from "@weftkit/store";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { expect, onTestFinished, test } from "vitest";
import type { EngineContext } from "../src/index.ts";
import { EchoEngine } from "./echo-engine.ts";
import { settings, startEcho } from "./fixtures.ts";

const token = "only for this test";

/** An engine with a table of notes, whose changes it lets be followed. */
class NotesEngine extends EchoEngine {
  store!: Store;
  #changes!: StoreChanges;

  override async open(ctx: EngineContext<"inmemory">): Promise<void> {
    await super.open(ctx);
    const { log, metrics, readiness, dataDir } = ctx;
    this.store = await openStore({
      file: join(dataDir, "notes.db"),
      applicationId: 1,
      migrations: [{ name: "create", apply: (db) => db.exec("CREATE TABLE note (body TEXT NOT NULL)") }],
      log,
      metrics,
      readiness,
    });
    this.#changes = await StoreChanges.open({ store: this.store, log });
    ctx.serveChanges(this.#changes);
  }

  add(body: string): Promise<void> {
    return this.store.write((db) => {
      db.prepare("INSERT INTO note VALUES (?)").run(body);
      recordChange(db, () => ({
        namespace: body.startsWith("secret") ? "secrets" : "notes",
        key: Buffer.from("k"),
        op: "insert",
        after: Buffer.from(JSON.stringify({ body })),
        format: "json",
      }));
    });
  }

  async dispose(): Promise<void> {
    await this.#changes.close();
    await this.store.close();
  }
}

async function start(dataDir = temporaryFolder()) {
  const engine = new NotesEngine();
  const base = settings(dataDir);
  const config = { ...base, server: { ...base.server, admin_token: token } };
  const { image } = await startEcho({ config }, engine);
  const call = (query: string, headers: Record<string, string> = {}, method = "GET") => {
    const abort = new AbortController();
    onTestFinished(() => abort.abort());
    return fetch(`http://127.0.0.1:${image.adminPort}/v1/changes${query}`, {
      method,
      headers: { authorization: `Bearer ${token}`, ...headers },
      signal: abort.signal,
    });
  };
  return { engine, image, call };
}

/** The parts of a body between separators, as they come. */
async function* partsOf(response: Response, separator: string): AsyncGenerator<string> {
  let text = "";
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const parts = text.split(separator);
    text = parts.pop()!;
    yield* parts;
  }
}

async function next(parts: AsyncGenerator<string>): Promise<string> {
  const { value } = await parts.next();
  return value as string;
}

test("changes come as lines of JSON, and go on after a token", async () => {
  const { engine, call } = await start();
  const lines = partsOf(await call(""), "\n");
  const begin = JSON.parse(await next(lines)) as { token: string };
  expect(begin).toMatchObject({ changes: [] });
  await engine.add("a");
  await engine.add("b");
  expect(JSON.parse(await next(lines))).toMatchObject({
    origin: "local",
    changes: [{ namespace: "notes", key: "aw==", op: "insert", after: { body: "a" } }],
  });
  const all = await (await call(`?after=${begin.token}&end=true`)).text();
  expect(all.trim().split("\n")).toHaveLength(3);
});

test("changes come as events, and go on after Last-Event-ID", async () => {
  const { engine, call } = await start();
  const accept = "text/event-stream";
  const response = await call("", { accept });
  expect(response.headers.get("content-type")).toBe(accept);
  const events = partsOf(response, "\n\n");
  expect(await next(events)).toBe("retry: 2000");
  const id = /^id: (\S+)$/m.exec(await next(events))![1]!;
  await engine.add("a");
  expect(await next(events)).toMatch(/^id: \S+\nevent: changes\ndata: .*"a"/);
  const again = partsOf(await call("", { accept, "last-event-id": id }), "\n\n");
  await next(again);
  await next(again);
  expect(await next(again)).toMatch(/"a"/);
});

test("a consumer goes on where it was after a restart", async () => {
  const { engine, image, call } = await start();
  const first = partsOf(await call("?consumer=sidecar"), "\n");
  await next(first);
  await engine.add("a");
  await next(first);
  await engine.add("b");
  const { dataDir } = engine.context!;
  await image.stop();
  const second = await start(dataDir);
  const text = await (await second.call("?consumer=sidecar&end=true&namespace=notes")).text();
  expect(text).toMatch(/"a".*\n.*"b"/);
  await second.engine.add("secret c");
  const filtered = await (await second.call("?consumer=sidecar&end=true&namespace=secrets")).text();
  expect(filtered).toMatch(/secret c/);
  expect(filtered).not.toMatch(/"a"/);
  const forget = await second.call("/forget?consumer=sidecar", {}, "POST");
  expect(await forget.json()).toEqual({ forgotten: "sidecar" });
});

test("who cannot go on is told why, with the code of HTTP and its own", async () => {
  const { call } = await start();
  const answers = async (query: string) => {
    const response = await call(query);
    return [response.status, ((await response.json()) as { code: string }).code];
  };
  const [begin] = (await (await call("?end=true")).text()).split("\n");
  const parts = (JSON.parse(begin!) as { token: string }).token.split("-");
  expect(await answers(`?after=${parts[0]}-1-0`)).toEqual([410, "too_old"]);
  expect(await answers(`?after=${"0".repeat(16)}-1-0`)).toEqual([410, "other_database"]);
  expect(await answers("?after=x")).toEqual([400, "malformed_token"]);
  expect(await answers("?consumer=a%20b")).toEqual([400, "malformed_request"]);
  expect((await call("/forget", {}, "POST")).status).toBe(400);
});

test("without the admin token nobody reads changes, and an engine without any says so", async () => {
  const { call } = await start();
  expect((await call("", { authorization: "Bearer wrong" })).status).toBe(401);
  const base = settings(temporaryFolder());
  const config = { ...base, server: { ...base.server, admin_token: token } };
  const { image } = await startEcho({ config });
  const response = await fetch(`http://127.0.0.1:${image.adminPort}/v1/changes`, {
    headers: { authorization: `Bearer ${token}` },
  });
  expect([response.status, await response.json()]).toEqual([
    404,
    expect.objectContaining({ code: "no_changes" }),
  ]);
});

test("streams end when the image stops", async () => {
  const { image, call } = await start();
  const lines = partsOf(await call(""), "\n");
  await next(lines);
  const ended = lines.next().catch(() => ({ done: true }));
  await image.stop();
  expect((await ended).done).toBe(true);
});
