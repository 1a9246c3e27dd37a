import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { describe, expect, test } from "vitest";
import { RunningEngine } from "./running-engine.ts";

const noKey = new Error("NOPERM No permissions to access a key");
const wrong = new Error("WRONGPASS invalid username-password pair or user is disabled.");

describe("users made by ACL SETUSER", () => {
  test("what changes is true at once for those who are logged in, and who is deleted is closed", async () => {
    const engine = await RunningEngine.start();
    const [admin, client] = [await engine.client(), await engine.client()];
    expect(await admin.call("ACL", "SETUSER", "app", ">one", "~a:*", "+get")).toBe("OK");
    expect(await client.call("AUTH", "app", "one")).toEqual(wrong);
    await admin.call("ACL", "SETUSER", "app", "on");
    expect(await client.call("AUTH", "app", "one")).toBe("OK");
    expect(await client.call("ACL", "WHOAMI")).toEqual(
      new Error("NOPERM User app has no permissions to run the 'acl|whoami' command"),
    );
    expect(await client.call("GET", "b")).toEqual(noKey);
    await admin.call("ACL", "SETUSER", "app", "%R~b", "+set");
    expect(await client.call("GET", "b")).toBeNull();
    expect(await client.call("SET", "b", "v")).toEqual(noKey);
    expect(await client.call("SET", "a:1", "v")).toBe("OK");
    expect(await admin.call("ACL", "USERS")).toEqual(["app", "default"]);
    expect(await admin.call("ACL", "DELUSER", "app", "nosuch")).toBe(1);
    await client.closed;
  });

  test("the rules of a user make an equal one", async () => {
    const admin = await (await RunningEngine.start()).client();
    const rules = ["on", ">pw", "%R~r", "~k", "&c", "+@read", "-get", "+select|0", "(+@write", "~w)"];
    expect(await admin.call("ACL", "SETUSER", "one", ...rules)).toBe("OK");
    const line = String(
      ((await admin.call("ACL", "LIST")) as string[]).find((each) => each.startsWith("user one")),
    );
    expect(line).toBe(
      "user one on sanitize-payload #30c952fab122c3f9759f02a6d95c3758b246b4fee239957b2d4fee46e26170c4 %R~r ~k resetchannels &c -@all +@read -get +select|0 (~w resetchannels -@all +@write)",
    );
    const words = line.slice("user one ".length).split(" ");
    expect(await admin.call("ACL", "SETUSER", "two", ...words)).toBe("OK");
    expect(await admin.call("ACL", "GETUSER", "two")).toEqual(await admin.call("ACL", "GETUSER", "one"));
  });

  test("one wrong rule, and none of them is applied", async () => {
    const admin = await (await RunningEngine.start()).client();
    expect(await admin.call("ACL", "SETUSER", "app", "on", "+nosuch")).toEqual(
      new Error("ERR Error in ACL SETUSER modifier '+nosuch': Unknown command or category name in ACL"),
    );
    expect(await admin.call("ACL", "GETUSER", "app")).toBeNull();
  });

  test("a command that waited is looked at again", async () => {
    const engine = await RunningEngine.start();
    const [admin, client] = [await engine.client(), await engine.client()];
    await admin.call("ACL", "SETUSER", "app", "on", "nopass", "+@all", "~*");
    await client.call("AUTH", "app", "any");
    const waiting = client.call("BLPOP", "list", 0);
    await admin.callUntil("cmd=blpop", "CLIENT", "LIST");
    await admin.call("ACL", "SETUSER", "app", "resetkeys");
    await admin.call("LPUSH", "list", "element");
    expect(await waiting).toEqual(noKey);
    expect(await admin.call("LLEN", "list")).toBe(1);
  });

  test("SORT may write no other key than those that may be written", async () => {
    const engine = await RunningEngine.start();
    const [admin, client] = [await engine.client(), await engine.client()];
    await admin.call("ACL", "SETUSER", "app", "on", "nopass", "+@all", "%R~r", "~w");
    await client.call("AUTH", "app", "any");
    expect(await client.call("SORT", "r", "STORE", "r")).toEqual(noKey);
    expect(await client.call("SORT", "r", "STORE", "w")).toBe(0);
  });

  test("ACL LOG counts what was refused, with where and who", async () => {
    const engine = await RunningEngine.start();
    const [admin, client] = [await engine.client(), await engine.client()];
    await admin.call("ACL", "SETUSER", "app", "on", "nopass", "+get", "+multi", "~a");
    await client.call("AUTH", "app", "any");
    for (let i = 0; i < 2; i++) expect(await client.call("GET", "b")).toEqual(noKey);
    await client.call("AUTH", "nosuch", "x");
    await client.call("MULTI");
    await client.call("GET", "b");
    const entries = (await admin.call("ACL", "LOG")) as unknown[][];
    expect(entries.map((entry) => entry.slice(0, 10))).toEqual([
      ["count", 1, "reason", "key", "context", "multi", "object", "b", "username", "app"],
      ["count", 1, "reason", "auth", "context", "toplevel", "object", "AUTH", "username", "nosuch"],
      ["count", 2, "reason", "key", "context", "toplevel", "object", "b", "username", "app"],
    ]);
    expect(await admin.call("ACL", "LOG", "RESET")).toBe("OK");
    expect(await admin.call("ACL", "LOG")).toEqual([]);
  });

  test("subcommands that take one argument at most refuse more", async () => {
    const engine = await RunningEngine.start();
    const client = await engine.client();
    for (const name of ["CAT", "GENPASS", "LOG"]) {
      const message = `ERR unknown subcommand or wrong number of arguments for '${name}'. Try ACL HELP.`;
      expect(await client.call("ACL", name, "1", "2")).toEqual(new Error(message));
    }
  });

  test("CONFIG SET requirepass lets nobody in without it", async () => {
    const engine = await RunningEngine.start();
    const admin = await engine.client();
    expect(await admin.call("CONFIG", "SET", "requirepass", "pw")).toBe("OK");
    const client = await engine.client();
    expect(await client.call("PING")).toEqual(new Error("NOAUTH Authentication required."));
    expect(await client.call("AUTH", "other")).toEqual(wrong);
    expect(await client.call("AUTH", "pw")).toBe("OK");
    expect(await client.call("CONFIG", "GET", "requirepass")).toEqual(["requirepass", "pw"]);
    expect(await admin.call("CONFIG", "SET", "requirepass", "")).toBe("OK");
    expect(await (await engine.client()).call("PING")).toBe("PONG");
  });
});

test("users of the configuration are the operator's; others live beside them", async () => {
  const engine = await RunningEngine.start({
    auth: { method: "password", user: "owner", password: "s3cret" },
  });
  const admin = await engine.client();
  await admin.call("AUTH", "owner", "s3cret");
  for (const name of ["owner", "default"]) {
    expect(await admin.call("ACL", "SETUSER", name, "off")).toMatchObject({
      message: expect.stringContaining(`User '${name}' is of the configuration`),
    });
  }
  expect(await admin.call("ACL", "DELUSER", "owner")).toMatchObject({
    message: expect.stringContaining("User 'owner' is of the configuration"),
  });
  expect(await admin.call("CONFIG", "SET", "requirepass", "x")).toBeInstanceOf(Error);
  await admin.call("ACL", "SETUSER", "app", "on", ">pw", "+get", "~*");
  expect(await admin.call("ACL", "USERS")).toEqual(["owner", "app"]);
  const client = await engine.client();
  expect(await client.call("AUTH", "app", "wrong")).toEqual(wrong);
  expect(await client.call("AUTH", "app", "pw")).toBe("OK");
  expect(await client.call("GET", "k")).toBeNull();
});

describe("an ACL file", () => {
  const hash = "30c952fab122c3f9759f02a6d95c3758b246b4fee239957b2d4fee46e26170c4";

  test("is read at the start and by LOAD, and written by SAVE", async () => {
    const dataDir = temporaryFolder();
    const file = join(dataDir, "users.acl");
    writeFileSync(file, `user app on #${hash} ~a:* +@read\n\nuser gone on nopass ~* +@all\n`);
    const engine = await RunningEngine.start({ dataDir, inmemory: { acl_file: "users.acl" } });
    const [admin, app, gone] = [await engine.client(), await engine.client(), await engine.client()];
    expect(await admin.call("CONFIG", "GET", "aclfile")).toEqual(["aclfile", file]);
    expect(await app.call("AUTH", "app", "pw")).toBe("OK");
    expect(await gone.call("AUTH", "gone", "")).toBe("OK");
    expect(await app.call("GET", "b")).toEqual(noKey);

    writeFileSync(file, `user app on #${hash} ~b +@read\nuser app on\nuser x +nosuch\nuser y (~a\napp\n`);
    const refused = (await admin.call("ACL", "LOAD")) as Error;
    expect(refused.message).toBe(
      [
        "ERR WARNING: Duplicate user 'app' found on line 2",
        `${file}:3: Error in applying operation '+nosuch': Unknown command or category name in ACL`,
        `${file}:4: Unmatched parenthesis in selector definition`,
        `${file}:5 should start with user keyword followed by the username`,
        "WARNING: ACL errors detected, no change to the previously active ACL rules was performed",
      ].join(". "),
    );
    expect(await app.call("GET", "b")).toEqual(noKey);

    await admin.call("ACL", "SETUSER", "default", "+@all", "-debug");
    writeFileSync(file, `user app on #${hash} ~b +@read\n`);
    expect(await admin.call("ACL", "LOAD")).toBe("OK");
    expect(await app.call("GET", "b")).toBeNull();
    expect(await app.call("GET", "a:1")).toEqual(noKey);
    await gone.closed;
    expect(await admin.call("ACL", "LIST")).toEqual([
      `user app on sanitize-payload #${hash} ~b resetchannels -@all +@read`,
      "user default on nopass sanitize-payload ~* &* +@all",
    ]);

    await admin.call("ACL", "SETUSER", "other", "on", ">pw", "~c", "+get");
    expect(await admin.call("ACL", "SAVE")).toBe("OK");
    await engine.image.stop();
    expect(readFileSync(file, "utf8").split("\n")).toHaveLength(4);
    const again = await RunningEngine.start({ dataDir, inmemory: { acl_file: file } });
    const other = await again.client();
    expect(await other.call("AUTH", "other", "pw")).toBe("OK");
    expect(await other.call("GET", "c")).toBeNull();
  });

  test("that cannot be used stops the start, and names no user of the configuration", async () => {
    const dataDir = temporaryFolder();
    const auth = { method: "password", user: "root", password: "secret" };
    const start = () => RunningEngine.start({ dataDir, inmemory: { acl_file: "users.acl" }, auth });
    await expect(start()).rejects.toThrow(/acl_file.*opening file/);
    writeFileSync(join(dataDir, "users.acl"), "user root on\nuser default on\n");
    await expect(start()).rejects.toThrow(
      /users\.acl:1: the user 'root' is of the configuration: remove the line.*users\.acl:2: the user 'default'/,
    );
  });

  test("DRYRUN knows users of the configuration, too", async () => {
    const engine = await RunningEngine.start({
      auth: { method: "password", user: "root", password: "secret" },
    });
    const client = await engine.client();
    await client.call("AUTH", "root", "secret");
    expect(await client.call("ACL", "DRYRUN", "root", "GET", "k")).toBe("OK");
    expect(await client.call("ACL", "DRYRUN", "nobody", "GET", "k")).toEqual(
      new Error("ERR User 'nobody' not found"),
    );
  });
});

test("who may not run DEBUG hears of that before of its subcommands, and rules may name any of them", async () => {
  const engine = await RunningEngine.start();
  const [admin, client] = [await engine.client(), await engine.client()];
  expect(await admin.call("ACL", "SETUSER", "app", "on", "nopass", "-@all", "+debug|nosuch")).toBe("OK");
  expect(await client.call("AUTH", "app", "")).toBe("OK");
  expect(await client.call("DEBUG", "SEGFAULT")).toEqual(
    new Error("NOPERM User app has no permissions to run the 'debug' command"),
  );
  expect(JSON.stringify(await admin.call("ACL", "LOG"))).not.toContain("cmd=auth");
  expect(await client.call("GET", "k")).toBeInstanceOf(Error);
  expect(JSON.stringify(await admin.call("ACL", "LOG"))).toContain("cmd=get");
});
