import { once } from "node:events";
import { connect } from "node:net";
import { describe, expect, test } from "vitest";
import { Registry } from "../src/command-table/registry.ts";
import { commandFamilies } from "../src/commands/index.ts";
import { parseSyntax } from "../src/commands/syntax.ts";
import { EngineInMemory } from "./engine-in-memory.ts";
import { redisParameters } from "./redis-parameters.ts";
import { RunningEngine } from "./running-engine.ts";

describe("COMMAND", () => {
  test("counts, lists and describes the table", () => {
    const engine = new EngineInMemory();
    const count = engine.run("COMMAND", "COUNT") as number;
    expect(engine.run("COMMAND")).toHaveLength(count);
    const listed = engine.run("COMMAND", "LIST") as string[];
    expect(listed.filter((name) => !name.includes("|"))).toHaveLength(count);
    expect(listed).toContain("client|list");
    const [get] = engine.run("COMMAND", "INFO", "get") as unknown[][];
    expect(get!.slice(0, 6)).toEqual(["get", 2, ["readonly", "fast"], 1, 1, 1]);
    expect(engine.run("COMMAND", "INFO", "nosuch")).toEqual([null]);
  });

  test.each([
    [["GET", "k"], ["k"]],
    [
      ["MSET", "a", 1, "b", 2],
      ["a", "b"],
    ],
    [
      ["ZUNIONSTORE", "d", 2, "a", "b"],
      ["d", "a", "b"],
    ],
    [
      ["XREAD", "COUNT", 1, "STREAMS", "s", "t", 0, 0],
      ["s", "t"],
    ],
    [
      ["SORT", "l", "STORE", "d"],
      ["l", "d"],
    ],
    [
      ["BLMPOP", 0, 2, "a", "b", "LEFT"],
      ["a", "b"],
    ],
  ])("GETKEYS of %j are %j", (words, keys) => {
    expect(new EngineInMemory().run("COMMAND", "GETKEYS", ...words)).toEqual(keys);
  });

  test("GETKEYS refuses what has no keys or the wrong number of arguments", () => {
    const engine = new EngineInMemory();
    expect(engine.run("COMMAND", "GETKEYS", "PING")).toEqual(
      new Error("ERR The command has no key arguments"),
    );
    expect(engine.run("COMMAND", "GETKEYS", "GET")).toEqual(
      new Error("ERR Invalid number of arguments specified for command"),
    );
    expect(engine.run("COMMAND", "GETKEYS", "NOSUCH", "k")).toEqual(
      new Error("ERR Invalid command specified"),
    );
  });

  test("every command of the table is complete", () => {
    const registry = new Registry(commandFamilies);
    const names = new Set<string>();
    for (const command of registry.all) {
      expect(names.has(command.fullName), command.fullName).toBe(false);
      names.add(command.fullName);
      expect(command.handler !== undefined || command.registered.length > 0, command.fullName).toBe(true);
      expect(command.summary, command.fullName).toMatch(/^[A-Z].*\.$/);
      expect(command.since, command.fullName).toMatch(/^\d+\.\d+\.\d+$/);
      const takesArguments = command.arity < 0 || command.arity > (command.parent === undefined ? 1 : 2);
      if (takesArguments && command.registered.length === 0 && !["quit", "reload"].includes(command.name)) {
        expect(command.syntax, command.fullName).toBeDefined();
      }
      // The notation is read without an argument getting lost at an unbalanced bracket.
      const { syntax = "" } = command;
      expect(syntax.split("[").length, command.fullName).toBe(syntax.split("]").length);
      expect(syntax.split("<").length, command.fullName).toBe(syntax.split(">").length);
    }
  });

  test("the notation of arguments becomes the tree of COMMAND DOCS", () => {
    const [key, expiry, pairs] = parseSyntax("key [EX seconds | KEEPTTL] field value [field value ...]");
    expect(key).toMatchObject({ name: "key", type: "key", isOptional: false });
    expect(expiry).toMatchObject({ type: "oneof", isOptional: true });
    expect(expiry!.parts).toMatchObject([
      { token: "EX", type: "integer" },
      { type: "pure-token", token: "KEEPTTL" },
    ]);
    expect(pairs).toMatchObject({
      type: "block",
      isMultiple: true,
      parts: [{ name: "field" }, { name: "value" }],
    });
  });
});

describe("CONFIG", () => {
  test("GET knows every parameter of Redis", () => {
    const engine = new EngineInMemory();
    const told = engine.run("CONFIG", "GET", "*") as string[];
    const names = told.filter((_, index) => index % 2 === 0);
    expect(redisParameters.filter((name) => !names.includes(name))).toEqual([]);
    expect(new Set(names).size).toBe(names.length);
    expect((engine.run("CONFIG", "SET", "min-replicas-to-write", 1) as Error).message).toContain(
      "Redis accepts",
    );
    expect((engine.run("CONFIG", "SET", "tls-port", 1) as Error).message).toContain("immutable");
  });

  test("SET maxclients holds for clients from now on", async () => {
    const engine = await RunningEngine.start();
    const first = await engine.client();
    const second = await engine.client();
    for (const client of [first, second]) expect(await client.call("PING")).toBe("PONG");
    expect(await first.call("CONFIG", "SET", "maxclients", "1")).toBe("OK");
    expect(await second.call("PING")).toBe("PONG");
    const third = connect(engine.port, "127.0.0.1");
    const [bytes] = (await once(third, "data")) as [Buffer];
    expect(bytes.toString()).toBe("-ERR max number of clients reached\r\n");
    third.destroy();
    expect(String(await first.call("CONFIG", "SET", "maxclients", "4294967295"))).toMatch(
      /not able to handle the specified number of clients, try with \d+/,
    );
    expect(await first.call("CONFIG", "GET", "maxclients")).toEqual(["maxclients", "1"]);
    expect(await first.call("CONFIG", "SET", "maxclients", "3")).toBe("OK");
    expect(await (await engine.client()).call("PING")).toBe("PONG");
  });

  test("SET changes all parameters or none", () => {
    const engine = new EngineInMemory();
    const answer = engine.run("CONFIG", "SET", "maxmemory", "5mb", "maxmemory-policy", "nonsense");
    expect((answer as Error).message).toContain("maxmemory-policy");
    expect(engine.run("CONFIG", "GET", "maxmemory")).toEqual(["maxmemory", "0"]);
    expect(engine.run("CONFIG", "SET", "maxmemory", "5mb", "maxmemory-policy", "allkeys-lru")).toBe("OK");
    expect(engine.run("CONFIG", "GET", "maxmemory", "maxmemory-p*", "maxmemory-s*")).toEqual([
      "maxmemory",
      String(5 << 20),
      "maxmemory-policy",
      "allkeys-lru",
      "maxmemory-samples",
      "5",
    ]);
  });

  test("unknown, fixed and repeated parameters are refused by name", () => {
    const engine = new EngineInMemory();
    expect(engine.run("CONFIG", "SET", "nosuch", 1)).toEqual(
      new Error("ERR Unknown option or number of arguments for CONFIG SET - 'nosuch'"),
    );
    expect((engine.run("CONFIG", "SET", "databases", 3) as Error).message).toContain("immutable");
    expect((engine.run("CONFIG", "SET", "timeout", 1, "timeout", 2) as Error).message).toContain("duplicate");
  });
});

describe("CLIENT", () => {
  test("REPLY OFF and SKIP drop replies, not commands", () => {
    const engine = new EngineInMemory();
    expect(engine.run("CLIENT", "REPLY", "SKIP")).toBeUndefined();
    expect(engine.run("SET", "a", 1)).toBeUndefined();
    expect(engine.run("GET", "a")).toBe("1");
    engine.run("CLIENT", "REPLY", "SKIP");
    expect(engine.run("CLIENT", "REPLY", "ON")).toBe("OK");
    expect(engine.run("CLIENT", "REPLY", "OFF")).toBeUndefined();
    expect(engine.run("INCR", "a")).toBeUndefined();
    expect(engine.run("CLIENT", "REPLY", "ON")).toBe("OK");
    expect(engine.run("GET", "a")).toBe("2");
  });

  test("REPLY OFF lets pushes through", () => {
    const engine = new EngineInMemory();
    engine.run("CLIENT", "REPLY", "OFF");
    expect(engine.run("SUBSCRIBE", "c")).toEqual(["subscribe", "c", 1]);
    engine.runAs(engine.client(), "PUBLISH", "c", "hello");
    expect(engine.received(engine.session)).toEqual([["message", "c", "hello"]]);
  });

  test("UNBLOCK ends another's wait, as a time-out or as an error", () => {
    const engine = new EngineInMemory();
    const waiting = engine.client();
    engine.runAs(waiting, "BLPOP", "k", 0);
    expect(engine.run("CLIENT", "UNBLOCK", waiting.id)).toBe(1);
    expect(engine.received(waiting)).toEqual([null]);
    engine.runAs(waiting, "BLPOP", "k", 0);
    expect(engine.run("CLIENT", "UNBLOCK", waiting.id, "ERROR")).toBe(1);
    expect(engine.received(waiting)).toEqual([new Error("UNBLOCKED client unblocked via CLIENT UNBLOCK")]);
    expect(engine.run("CLIENT", "UNBLOCK", waiting.id)).toBe(0);
  });

  test("PAUSE holds commands back until UNPAUSE, writes only if asked", async () => {
    const engine = new EngineInMemory();
    const other = engine.client();
    engine.run("CLIENT", "PAUSE", 100_000, "WRITE");
    expect(engine.runAs(other, "GET", "k")).toBeNull();
    expect(engine.runAs(other, "SET", "k", 1)).toBeUndefined();
    engine.run("CLIENT", "UNPAUSE");
    await new Promise(setImmediate);
    expect(engine.received(other)).toEqual(["OK"]);
    expect(engine.run("GET", "k")).toBe("1");
  });
});

test("SLOWLOG keeps the latest slow commands, shortened", () => {
  const engine = new EngineInMemory();
  engine.run("CONFIG", "SET", "slowlog-log-slower-than", 0, "slowlog-max-len", 2);
  engine.run("SET", "k", "x".repeat(500));
  const entries = engine.run("SLOWLOG", "GET") as unknown[][];
  expect(entries).toHaveLength(2);
  expect((entries[0]![3] as string[])[2]).toMatch(/^x{128}\.\.\. \(372 more bytes\)$/);
  engine.run("CONFIG", "SET", "slowlog-log-slower-than", -1);
  engine.run("SLOWLOG", "RESET");
  expect(engine.run("SLOWLOG", "LEN")).toBe(0);
});

test("INFO has its sections, by name, by default and all", () => {
  const engine = new EngineInMemory();
  engine.run("SET", "k", 1);
  engine.run("LPUSH", "k", 1);
  expect(engine.run("INFO", "keyspace")).toBe("# Keyspace\r\ndb0:keys=1,expires=0,avg_ttl=0\r\n");
  expect(engine.run("INFO")).not.toContain("# Commandstats");
  const all = engine.run("INFO", "everything") as string;
  expect(all).toMatch(
    /cmdstat_lpush:calls=1,usec=\d+,usec_per_call=[\d.]+,rejected_calls=0,failed_calls=1\r\n/,
  );
  expect(all).toContain("errorstat_WRONGTYPE:count=1\r\n");
});

test("what Redis answers of commands, users and its version is answered", () => {
  const engine = new EngineInMemory();
  expect(engine.runRaw("COMMAND", "INFO", "nosuch")).toBe("*1\r\n$-1\r\n");
  const flagsOf = (...words: string[]) =>
    (engine.run("COMMAND", "GETKEYSANDFLAGS", ...words) as [string, string[]][]).map(([, flags]) => flags);
  expect(flagsOf("set", "k", "v")).toEqual([["OW", "update"]]);
  expect(flagsOf("set", "k", "v", "GET")).toEqual([["RW", "access", "update"]]);
  expect(flagsOf("bitfield", "k", "GET", "u8", "0")).toEqual([["RO", "access"]]);
  engine.run("AUTH", "default", "any");
  expect(engine.run("ACL", "WHOAMI")).toBe("default");
  expect(engine.run("ACL", "USERS")).toEqual(["default"]);
  expect(engine.run("AUTH", "nosuch", "foo")).toEqual(
    new Error("WRONGPASS invalid username-password pair or user is disabled."),
  );
  expect(engine.run("AUTH", "default", "anything")).toBe("OK");
  expect(engine.run("LOLWUT", "VERSION")).toMatch(/^Redis ver\. /);
  // Whatever was slow so far is forgotten.
  engine.run("CONFIG", "SET", "slowlog-log-slower-than", "-1");
  engine.run("SLOWLOG", "RESET");
  engine.run("CONFIG", "SET", "slowlog-log-slower-than", "0");
  expect(engine.run("SLOWLOG", "LEN")).toBe(1);
});

test("CLIENT PAUSE WRITE lets scripts run that say that they write nothing, and INFO tells who waits", async () => {
  const engine = await RunningEngine.start();
  const [admin, client, other] = [await engine.client(), await engine.client(), await engine.client()];
  await admin.call(
    "FUNCTION",
    "LOAD",
    "#!lua name=l\nredis.register_function{function_name='f', callback=function() return 'f' end, flags={'no-writes'}}",
  );
  await admin.call("CLIENT", "PAUSE", 600_000, "WRITE");
  const readOnly = "#!lua flags=no-writes\nreturn 'r'";
  expect(await client.call("EVAL", readOnly, 0)).toBe("r");
  expect(await client.call("FCALL", "f", 0)).toBe("f");
  await client.call("MULTI");
  await client.call("EVAL", readOnly, 0);
  expect(await client.call("EXEC")).toEqual(["r"]);
  const [written, evaluated] = [client.call("SET", "k", "v"), other.call("EVAL", "return 1", 0)];
  await expect.poll(async () => String(await admin.call("INFO", "clients"))).toContain("blocked_clients:2");
  await admin.call("CLIENT", "UNPAUSE");
  expect(await Promise.all([written, evaluated])).toEqual(["OK", 1]);
});

test("during a pause what has expired is unseen, and still there", async () => {
  const engine = await RunningEngine.start();
  const client = await engine.client();
  await client.call("MSET", "k", 1, "l", 1);
  await client.call("MULTI");
  await client.call("PEXPIRE", "k", 1);
  await client.call("PEXPIRE", "l", 1);
  await client.call("CLIENT", "PAUSE", 600_000, "WRITE");
  await client.call("EXEC");
  await expect.poll(() => client.call("EXISTS", "k", "l")).toBe(0);
  expect(await client.call("INFO", "stats")).toContain("expired_keys:0\r");
  await client.call("CLIENT", "UNPAUSE");
  await expect.poll(() => client.call("INFO", "stats")).toContain("expired_keys:2\r");
  expect(await client.call("DBSIZE")).toBe(0);
});

test("SLOWLOG tells commands as they came, and those that waited when they are over", async () => {
  const engine = await RunningEngine.start();
  const [admin, waiting] = [await engine.client(), await engine.client()];
  await admin.call("CONFIG", "SET", "slowlog-log-slower-than", 0);
  const popped = waiting.call("BLPOP", "l", 0);
  await expect.poll(async () => String(await admin.call("INFO", "clients"))).toContain("blocked_clients:1");
  const logged = async () => {
    const entries = (await admin.call("SLOWLOG", "GET", 100)) as unknown[][];
    return entries.map((entry) => (entry[3] as string[]).join(" "));
  };
  expect(await logged()).not.toContain("BLPOP l 0");
  await admin.call("RPUSH", "l", "a");
  expect(await popped).toEqual(["l", "a"]);
  await admin.call("GEOADD", "g", "1", "2", "here");
  expect(await logged()).toEqual(expect.arrayContaining(["BLPOP l 0", "GEOADD g 1 2 here"]));
});
