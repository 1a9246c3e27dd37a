import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { describe, expect, test } from "vitest";
import { requirementOf } from "../src/command-table/access.ts";
import { type RegisteredCommand, Registry } from "../src/command-table/registry.ts";
import { commandFamilies } from "../src/commands/index.ts";
import { RunningEngine } from "./running-engine.ts";
import type { WireClient } from "./wire-client.ts";

const registry = new Registry(commandFamilies);
const roles = ["superuser", "read_write", "read_only", "schema_admin", "no_access"] as const;
const users = roles.map((role) => ({ username: role, password: `${role}-password`, roles: [role] }));

/** An engine where every built-in role has a user of its name, and those of a roles file have one as well. */
async function startWithUsers(custom: Record<string, { allow: string[]; deny?: string[] }> = {}) {
  const rolesFile = join(temporaryFolder(), "roles.yaml");
  const entries = Object.entries(custom).map(([name, role]) => ({ name, ...role }));
  writeFileSync(rolesFile, JSON.stringify(entries));
  const names = Object.keys(custom);
  return RunningEngine.start({
    auth: {
      method: "password",
      users: [
        ...users,
        ...names.map((name) => ({ username: name, password: `${name}-password`, roles: [name] })),
      ],
      ...(names.length > 0 && { roles_file: rolesFile }),
    },
  });
}

async function login(engine: RunningEngine, user: string): Promise<WireClient> {
  const client = await engine.client();
  expect(await client.call("AUTH", user, `${user}-password`)).toBe("OK");
  return client;
}

describe("who may run what", () => {
  /** The role names that may run a command, as this page of the specification has it. */
  const expected: Record<string, string> = {
    get: "superuser read_write read_only schema_admin",
    exists: "superuser read_write read_only schema_admin",
    keys: "superuser read_write read_only schema_admin",
    subscribe: "superuser read_write read_only schema_admin",
    psubscribe: "superuser read_write read_only schema_admin",
    watch: "superuser read_write read_only schema_admin",
    set: "superuser read_write",
    lpop: "superuser read_write",
    publish: "superuser read_write",
    flushall: "superuser read_write",
    ping: "superuser read_write read_only schema_admin",
    multi: "superuser read_write read_only schema_admin",
    select: "superuser read_write read_only schema_admin",
    "client|id": "superuser read_write read_only schema_admin",
    "client|setname": "superuser read_write read_only schema_admin",
    info: "superuser read_write read_only schema_admin",
    command: "superuser read_write read_only schema_admin",
    "config|get": "superuser",
    "config|set": "superuser",
    "client|kill": "superuser",
    "client|list": "superuser",
    "slowlog|get": "superuser",
    monitor: "superuser",
    shutdown: "superuser",
    save: "superuser",
    bgrewriteaof: "superuser",
    auth: roles.join(" "),
    hello: roles.join(" "),
    quit: roles.join(" "),
    reset: roles.join(" "),
  };

  test.each(Object.entries(expected))("%s: %s", (name, allowed) => {
    const command = registry.byName(name)!;
    expect(mayRun(command).join(" ")).toBe(allowed);
  });

  test("every command of the table is allowed or refused, over the wire, as its ACL categories say", async () => {
    const engine = await startWithUsers();
    for (const role of roles) {
      const client = await login(engine, role);
      for (const command of registry.all) {
        if (command.run === undefined || isContainer(command) || endsTheTest(command)) continue;
        const mayNot = `NOPERM User ${role} has no permissions to run the '${command.fullName}' command`;
        if (mayRun(command).includes(role)) continue;
        expect(await client.call(...wordsOf(command))).toEqual(new Error(mayNot));
      }
      // Whatever is allowed is tried inside MULTI, where it is only queued: what it does is not the question here.
      for (const command of registry.all) {
        if (isContainer(command) || endsTheTest(command) || command.controlsTransaction) continue;
        if (command.flags.includes("no_multi") || command.flags.includes("no_auth")) continue;
        if (!mayRun(command).includes(role)) continue;
        expect(await client.call("MULTI")).toBe("OK");
        expect([command.fullName, await client.call(...wordsOf(command))]).toEqual([
          command.fullName,
          "QUEUED",
        ]);
        expect(await client.call("DISCARD")).toBe("OK");
      }
    }
  });

  test("every write command writes, and no command that is not one needs only the right to write", () => {
    for (const command of registry.all) {
      const { actions } = requirementOf(command);
      if (command.isWrite) {
        expect([
          command.fullName,
          actions.some((action) => action !== "read" && action !== "connect"),
        ]).toEqual([command.fullName, true]);
      } else if (actions.includes("write")) {
        expect(["publish", "spublish"]).toContain(command.fullName);
      }
    }
  });

  /** The roles whose rights cover what a command needs. */
  function mayRun(command: RegisteredCommand): string[] {
    const rights: Record<(typeof roles)[number], readonly string[]> = {
      superuser: ["connect", "read", "write", "schema", "admin"],
      read_write: ["connect", "read", "write"],
      read_only: ["connect", "read"],
      schema_admin: ["connect", "read", "schema"],
      no_access: [],
    };
    if (command.flags.includes("no_auth")) return [...roles];
    return roles.filter((role) =>
      requirementOf(command).actions.every((action) => rights[role].includes(action)),
    );
  }
});

describe("before and while logging in", () => {
  test("nothing but AUTH, HELLO, QUIT and RESET runs before", async () => {
    const engine = await startWithUsers();
    const client = await engine.client();
    for (const words of [["GET", "k"], ["PING"], ["MULTI"], ["CONFIG", "GET", "*"], ["SUBSCRIBE", "c"]]) {
      expect(await client.call(...words)).toEqual(new Error("NOAUTH Authentication required."));
    }
    expect(await client.call("HELLO", 3)).toEqual(
      new Error(
        "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time",
      ),
    );
    expect(await client.call("RESET")).toBe("RESET");
    expect(await client.call("QUIT")).toBe("OK");
    await client.closed;
  });

  test("AUTH takes a password, or a user and a password", async () => {
    const engine = await RunningEngine.start({
      auth: { method: "password", user: "owner", password: "s3cret" },
    });
    const client = await engine.client();
    expect(await client.call("AUTH", "s3cret")).toBe("OK");
    expect(await client.call("ACL", "WHOAMI")).toBe("owner");
    const other = await engine.client();
    expect(await other.call("AUTH", "owner", "s3cret")).toBe("OK");
    // How clients send `redis://:s3cret@host`, which names no user.
    for (const unnamed of ["", "default"]) expect(await other.call("AUTH", unnamed, "s3cret")).toBe("OK");
    expect(await other.call("AUTH", "a", "b", "c")).toEqual(new Error("ERR syntax error"));
  });

  test("a wrong password, an unknown user: the same answer, and no one is logged in", async () => {
    const engine = await startWithUsers();
    const client = await engine.client();
    const wrong = new Error("WRONGPASS invalid username-password pair or user is disabled.");
    expect(await client.call("AUTH", "superuser", "wrong")).toEqual(wrong);
    expect(await client.call("AUTH", "nobody", "superuser-password")).toEqual(wrong);
    expect(await client.call("AUTH", "superuser", "")).toEqual(wrong);
    expect(await client.call("HELLO", 2, "AUTH", "superuser", "wrong")).toEqual(wrong);
    expect(await client.call("PING")).toEqual(new Error("NOAUTH Authentication required."));
  });

  test("a failed AUTH leaves the user that was logged in before", async () => {
    const engine = await startWithUsers();
    const client = await login(engine, "read_only");
    await client.call("AUTH", "superuser", "wrong");
    expect(await client.call("ACL", "WHOAMI")).toBe("read_only");
    await client.call("AUTH", "superuser", "superuser-password");
    expect(await client.call("ACL", "WHOAMI")).toBe("superuser");
  });

  test("HELLO logs in, names the connection and changes the protocol in one step", async () => {
    const engine = await startWithUsers();
    const client = await engine.client();
    const hello = await client.call("HELLO", 2, "AUTH", "superuser", "superuser-password", "SETNAME", "me");
    expect(hello).toContain("server");
    expect(await client.call("CLIENT", "GETNAME")).toBe("me");
  });

  test("commands pipelined behind AUTH run after it has been decided, in order", async () => {
    const engine = await startWithUsers();
    const client = await engine.client();
    const commands = [
      "AUTH superuser superuser-password",
      "SET k v",
      "GET k",
      "AUTH superuser wrong",
      "GET k",
    ];
    await client.write(`${commands.join("\r\n")}\r\n`);
    expect(await client.replies(5)).toEqual(["OK", "OK", "v", expect.any(Error), "v"]);
  });

  test("RESET logs out", async () => {
    const engine = await startWithUsers();
    const client = await login(engine, "superuser");
    await client.call("RESET");
    expect(await client.call("PING")).toEqual(new Error("NOAUTH Authentication required."));
  });
});

describe("roles that name keys by patterns", () => {
  const noKey = new Error("NOPERM No permissions to access a key");
  const noChannel = new Error("NOPERM No permissions to access a channel");
  const start = () =>
    startWithUsers({
      shop: { allow: ["connect", "read", "write:shop:*"] },
      auditor: { allow: ["connect", "read:*"], deny: ["read:secret*"] },
      guest: { allow: ["connect", "read:public:*", "write:public:inbox"] },
    });

  test("each key of a command is looked at, wherever it is among the arguments", async () => {
    const client = await login(await start(), "shop");
    expect(await client.call("SET", "shop:1", "v")).toBe("OK");
    expect(await client.call("SET", "other", "v")).toEqual(noKey);
    expect(await client.call("MSET", "shop:1", "a", "other", "b")).toEqual(noKey);
    expect(await client.call("MSET", "shop:1", "a", "shop:2", "b")).toBe("OK");
    expect(await client.call("GET", "other")).toBeNull();
    expect(await client.call("LMOVE", "shop:l", "other", "LEFT", "LEFT")).toEqual(noKey);
    expect(await client.call("LMPOP", 2, "shop:l", "other", "LEFT")).toEqual(noKey);
  });

  test("a write command that reads another key needs the right to read that one", async () => {
    const client = await login(await start(), "guest");
    expect(await client.call("SET", "public:inbox", "v")).toBe("OK");
    expect(await client.call("SET", "public:other", "v")).toEqual(noKey);
    expect(await client.call("GET", "public:other")).toBeNull();
    expect(await client.call("GET", "private")).toEqual(noKey);
    expect(await client.call("EXISTS", "public:other", "private")).toEqual(noKey);
    expect(await client.call("WATCH", "private")).toEqual(noKey);
  });

  test("what a role denies stays denied behind a wide grant", async () => {
    const client = await login(await start(), "auditor");
    expect(await client.call("MGET", "a", "b")).toEqual([null, null]);
    expect(await client.call("MGET", "a", "secret:1")).toEqual(noKey);
    expect(await client.call("SET", "a", "v")).toEqual(
      new Error("NOPERM User auditor has no permissions to run the 'set' command"),
    );
  });

  test("commands on the keyspace as a whole are not for those who may see a part", async () => {
    const engine = await start();
    const [guest, auditor] = [await login(engine, "guest"), await login(engine, "auditor")];
    const refused = (user: string, command: string) =>
      new Error(`NOPERM User ${user} has no permissions to run the '${command}' command`);
    expect(await guest.call("FLUSHALL")).toEqual(refused("guest", "flushall"));
    expect(await guest.call("KEYS", "*")).toEqual(refused("guest", "keys"));
    expect(await guest.call("PSUBSCRIBE", "*")).toEqual(refused("guest", "psubscribe"));
    expect(await auditor.call("RANDOMKEY")).toEqual(refused("auditor", "randomkey"));
    expect(await auditor.call("SCAN", 0)).toEqual(refused("auditor", "scan"));
    expect(await guest.call("CLUSTER", "GETKEYSINSLOT", 1, 1)).toEqual(
      refused("guest", "cluster|getkeysinslot"),
    );
    expect(await guest.call("PING")).toBe("PONG");
  });

  test("nobody hears of changes to keys that may not all be read; a script reads no others either", async () => {
    const guest = await login(await start(), "guest");
    await guest.call("HELLO", 2);
    expect(await guest.call("CLIENT", "TRACKING", "ON", "BCAST")).toEqual(
      new Error("NOPERM User guest has no permissions to track keys that it has not read"),
    );
    expect(await guest.call("CLIENT", "TRACKING", "ON")).toBe("OK");
    expect(await guest.call("EVAL", "return 1", 1, "private")).toEqual(noKey);
    expect(await guest.call("EVAL", "return redis.call('GET', 'private')", 0)).toMatchObject({
      message: expect.stringMatching(/^NOPERM ACL failure in script: No permissions to access a key/),
    });
    expect(await guest.call("EVAL", "return redis.call('GET', 'public:x')", 0)).toBeNull();
  });

  const hasSort = registry.byName("sort_ro") !== undefined;
  test.runIf(hasSort)("SORT may not reach other keys through BY and GET", async () => {
    const client = await login(await start(), "auditor");
    expect(await client.call("SORT_RO", "list", "BY", "secret:*")).toEqual(noKey);
    expect(await client.call("SORT_RO", "list", "GET", "secret:*")).toEqual(noKey);
    expect(await client.call("SORT_RO", "list", "GET", "#")).toEqual([]);
  });

  test("channels are compared with the same patterns", async () => {
    const client = await login(await start(), "guest");
    expect(await client.call("PUBLISH", "public:inbox", "hi")).toBe(0);
    expect(await client.call("PUBLISH", "public:news", "hi")).toEqual(noChannel);
    expect(await client.call("SUBSCRIBE", "public:news", "private")).toEqual(noChannel);
    expect(await client.call("SUBSCRIBE", "public:news")).toEqual(["subscribe", "public:news", 1]);
  });

  test("a queued command is refused when it is queued, and EXEC then runs nothing", async () => {
    const client = await login(await start(), "shop");
    await client.call("MULTI");
    expect(await client.call("SET", "shop:1", "v")).toBe("QUEUED");
    expect(await client.call("SET", "other", "v")).toEqual(noKey);
    expect(await client.call("EXEC")).toEqual(
      new Error("EXECABORT Transaction discarded because of previous errors."),
    );
    expect(await client.call("GET", "shop:1")).toBeNull();
  });

  test("names are compared as the UTF-8 that they are in the roles file", async () => {
    const engine = await startWithUsers({ umlaut: { allow: ["connect", "write:größe:?"] } });
    const client = await login(engine, "umlaut");
    expect(await client.call("SET", Buffer.from("größe:ä"), "v")).toBe("OK");
    expect(await client.call("SET", Buffer.from("größe:ää"), "v")).toEqual(noKey);
  });
});

/** A container is tried by its subcommands. */
function isContainer(command: RegisteredCommand): boolean {
  return command.registered.length > 0 && command.handler === undefined;
}

/** Commands after which the connection is another one, so that they are tried elsewhere. */
function endsTheTest({ name }: RegisteredCommand): boolean {
  return ["auth", "hello", "quit", "reset"].includes(name);
}

/** A call with the right number of arguments. */
function wordsOf(command: RegisteredCommand): string[] {
  const names = command.fullName.split("|");
  const count = Math.abs(command.arity);
  return [...names, ...Array.from({ length: Math.max(0, count - names.length) }, () => "1")];
}
