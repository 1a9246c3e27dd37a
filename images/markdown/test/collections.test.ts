import { describe, expect, test } from "vitest";
import { problemOf, RunningEngine, temporaryFolder } from "./running-engine.ts";

describe("collections", () => {
  test("are created, listed page by page, described and deleted", async () => {
    const engine = await RunningEngine.start();
    for (const name of ["c", "a", "b"]) {
      const reply = await engine.call("POST", "/collections", {
        body: { name, description: `all of ${name}` },
      });
      expect([reply.status, reply.headers.get("location")]).toEqual([201, `/v1/collections/${name}`]);
    }
    const first = (await engine.call("GET", "/collections?limit=2")).json;
    expect(first.collections.map(({ name }: { name: string }) => name)).toEqual(["a", "b"]);
    const second = (await engine.call("GET", `/collections?limit=2&cursor=${first.next}`)).json;
    expect(second).toMatchObject({
      collections: [{ name: "c", description: "all of c", documents: 0 }],
      next: null,
    });
    const wrong = await engine.call("GET", `/collections?cursor=${first.next}x`);
    expect([wrong.status, problemOf(wrong)]).toEqual([400, "invalid-cursor"]);
    expect((await engine.call("DELETE", "/collections/b")).status).toBe(204);
    expect((await engine.call("DELETE", "/collections/b")).status).toBe(404);
    expect((await engine.call("POST", "/collections", { body: { name: "b" } })).status).toBe(201);
  });

  test("know their numbers", async () => {
    const engine = await RunningEngine.withWiki();
    await engine.put("a", "[[b]] and [[c]]");
    await engine.put("b", "12345");
    await engine.put("gone", "x");
    await engine.call("DELETE", "/collections/wiki/documents/gone");
    await engine.call("PUT", "/collections/wiki/attachments/x.png", {
      body: Buffer.alloc(10),
      type: "image/png",
    });
    expect((await engine.call("GET", "/collections/wiki")).json).toMatchObject({
      documents: 2,
      bytes: 20,
      trash: 1,
      links: 2,
      attachments: 1,
      attachmentBytes: 10,
    });
  });

  test("are empty when they are created again under the name of a deleted one, also after a restart", async () => {
    const dataDir = temporaryFolder();
    const engine = await RunningEngine.withWiki({ dataDir });
    for (let i = 0; i < 120; i++) await engine.put(`d${i}`, "[[d1]]");
    await engine.call("DELETE", "/collections/wiki");
    await engine.call("POST", "/collections", { body: { name: "wiki" } });
    expect((await engine.call("GET", "/collections/wiki/documents")).json.documents).toEqual([]);
    await engine.image.stop();
    const again = await RunningEngine.start({ dataDir });
    expect((await again.call("GET", "/collections/wiki")).json).toMatchObject({
      documents: 0,
      links: 0,
      trash: 0,
    });
  });

  test("with names that are none are refused, and so are those that exist", async () => {
    const engine = await RunningEngine.withWiki();
    for (const name of ["", "a b", "../x", "ä", ".hidden", `${"x".repeat(128)}y`]) {
      const reply = await engine.call("POST", "/collections", { body: { name } });
      expect(reply.status, name).toBe(400);
    }
    const invalid = await engine.call("POST", "/collections", { body: { name: "a b" } });
    expect(problemOf(invalid)).toBe("invalid-collection-name");
    const twice = await engine.call("POST", "/collections", { body: { name: "wiki" } });
    expect([twice.status, problemOf(twice)]).toEqual([409, "collection-exists"]);
    const unknown = await engine.call("POST", "/collections", { body: { name: "x", descripton: "" } });
    expect(unknown.json.errors).toEqual([
      { in: "body", pointer: "/descripton", detail: "is not known here; did you mean description?" },
    ]);
  });

  test("are shown to those who may read them", async () => {
    const folder = temporaryFolder();
    const { writeFileSync } = await import("node:fs");
    writeFileSync(`${folder}/roles.yaml`, '- name: public\n  allow: [connect, "read:pub*", "write:pub*"]\n');
    const engine = await RunningEngine.start({
      auth: {
        roles_file: `${folder}/roles.yaml`,
        users: [
          { username: "admin", password: "admin", roles: ["superuser"] },
          { username: "guest", password: "guest", roles: ["public"] },
        ],
      },
    });
    const as = (user: string) => ({ headers: { authorization: `Bearer ${user}:${user}` } });
    for (const name of ["private", "public"])
      await engine.call("POST", "/collections", { body: { name }, ...as("admin") });
    const listed = (await engine.call("GET", "/collections", as("guest"))).json.collections;
    expect(listed.map(({ name }: { name: string }) => name)).toEqual(["public"]);
    const put = (name: string) =>
      engine.call("PUT", `/collections/${name}/documents/a`, { body: { content: "" }, ...as("guest") });
    expect([(await put("public")).status, (await put("private")).status]).toEqual([201, 403]);
    expect((await engine.call("GET", "/collections/private/documents", as("guest"))).status).toBe(403);
  });
});
