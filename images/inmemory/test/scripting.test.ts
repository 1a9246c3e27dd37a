import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { describe, expect, test } from "vitest";
import { EngineInMemory } from "./engine-in-memory.ts";
import { RecordingJournal } from "./recording-journal.ts";
import { RunningEngine } from "./running-engine.ts";
import { encode } from "./wire-client.ts";

const LIBRARY = `#!lua name=counters
redis.register_function('count', function(keys) return redis.call('INCR', keys[1]) end)`;

describe("what a script leaves behind", () => {
  test("is recorded as one unit, by its effects", () => {
    const engine = new EngineInMemory();
    const journal = new RecordingJournal();
    engine.server.propagation.journal = journal;
    engine.run(
      "EVAL",
      "redis.call('SADD', KEYS[1], 'a') redis.call('SPOP', KEYS[1]) redis.call('GET', 'x') redis.call('SET', 'x', 1, 'EX', 10) return 1",
      1,
      "set",
    );
    const lines = journal.take();
    expect(lines[0]).toBe("MULTI");
    expect(lines.slice(1, 3)).toEqual(["SADD set a", "SREM set a"]);
    expect(lines[3]).toMatch(/^SET x 1 PXAT \d+$/);
    expect(lines.slice(4)).toEqual(["EXEC"]);
    engine.run("EVAL", "return redis.call('SET', 'one', 1)", 0);
    expect(journal.take()).toEqual(["SET one 1"]);
    engine.run("EVAL", "return redis.call('GET', 'one')", 0);
    expect(journal.take()).toEqual([]);
    engine.run("MULTI");
    engine.run("EVAL", "redis.call('SET', 'a', 1) return redis.call('SET', 'b', 1)", 0);
    engine.run("SET", "c", 1);
    engine.run("EXEC");
    expect(journal.take()).toEqual(["MULTI", "SET a 1", "SET b 1", "SET c 1", "EXEC"]);
    engine.run("EVAL", "redis.call('SET', 'a', 2) error('no')", 0);
    expect(journal.take()).toEqual(["SET a 2"]);
    engine.run(
      "EVAL",
      "redis.set_repl(redis.REPL_NONE) redis.call('SET', 'a', 3) redis.set_repl(redis.REPL_ALL) redis.call('SET', 'b', 3)",
      0,
    );
    expect(journal.take()).toEqual(["SET b 3"]);
  });

  test("is not the globals, nor what the libraries have, nor the database", () => {
    const engine = new EngineInMemory();
    for (const attempt of [
      "x = 1",
      "_G.x = 1",
      "rawset(_G, 'x', 1)",
      "string.rep = nil",
      "rawset(string, 'rep', nil)",
      "redis.call = nil",
      "table.insert(redis, 1)",
      "table.sort(redis)",
      "setmetatable(redis, {})",
      "getmetatable('').__index = nil",
      "getmetatable('').__index.rep = nil",
      "string.gsub = string.rep",
      "setmetatable(_G, nil)",
    ]) {
      expect(engine.run("EVAL", attempt, 0), attempt).toMatchObject({
        message: expect.stringContaining("readonly table"),
      });
    }
    expect(engine.run("EVAL", "return {('x'):rep(2), #redis, redis.call('PING').ok}", 0)).toEqual([
      "xx",
      0,
      "PONG",
    ]);
    engine.run("EVAL", "redis.call('SELECT', 3) redis.call('SET', 'there', 1)", 0);
    expect(engine.run("EXISTS", "there")).toBe(0);
  });

  test("is in order after an error that was caught, whatever raised it", () => {
    const engine = new EngineInMemory();
    const script = `
      local caught = {}
      for i = 1, 1000 do
        local ok, message = pcall(function()
          if i % 3 == 0 then redis.call('nosuch') elseif i % 3 == 1 then error({i}) else cjson.decode('[') end
        end)
        caught[#caught + 1] = ok and 1 or 0
      end
      return caught`;
    expect(engine.run("EVAL", script, 0)).toEqual(new Array(1000).fill(0));
    expect(engine.run("EVAL", "return #ARGV", 0, "a", "b")).toBe(2);
  });

  test("is no more memory than it may have: a script that wants all of it fails alone", () => {
    const engine = new EngineInMemory({ settings: { scriptMemoryBytes: 100 << 20 } });
    const greedy = "local t = {} for i = 1, 1e9 do t[i] = ('x'):rep(1e7) .. i end";
    expect(engine.run("EVAL", greedy, 0)).toMatchObject({
      message: expect.stringContaining("not enough memory"),
    });
    expect(engine.run("EVAL", "return 'fine'", 0)).toBe("fine");
    const { scripts } = engine.server;
    expect(scripts.runner.sandbox.machine.memoryBytes).toBeGreaterThan(90 << 20);
    scripts.giveBack();
    expect(engine.run("EVAL", "return 'fine'", 0)).toBe("fine");
    expect(scripts.runner.sandbox.machine.memoryBytes).toBeLessThan(20 << 20);
  });

  test("fails alone, wherever it meets the end of its memory", () => {
    const engine = new EngineInMemory({ settings: { scriptMemoryBytes: 24 << 20 } });
    const large = "x".repeat(30 << 20);
    engine.run("SET", "large", large);
    for (let i = 0; i < 30; i++)
      engine.run("RPUSH", "list", ...Array.from({ length: 2000 }, (_, j) => `${i} ${j} ${"x".repeat(500)}`));
    const library = `#!lua name=l\nredis.register_function('f', function() return 1 end) --`;
    engine.run("FUNCTION", "LOAD", library);
    for (const words of [
      ["EVAL", "return #ARGV[1]", "0", large],
      ["EVAL", `return '${large}'`, "0"],
      ["EVAL", "return #redis.call('GET', 'large')", "0"],
      ["EVAL", "return #redis.call('LRANGE', 'list', 0, -1)", "0"],
      ["FCALL", "f", "0", large],
      ["FUNCTION", "LOAD", "REPLACE", library + large],
    ]) {
      expect(engine.run(...words), words[0]).toMatchObject({
        message: expect.stringContaining("not enough memory"),
      });
      expect(engine.run("EVAL", "return 'fine'", 0)).toBe("fine");
      expect(engine.run("FCALL", "f", 0)).toBe(1);
    }
  });

  test.each([
    "return ('x'):rep(300000):find(('.-'):rep(30000))",
    "return cmsgpack.unpack(('\\145'):rep(100000))",
    "return cjson.decode(('['):rep(100000))",
    "local function f(n) local x = coroutine.wrap(f)(n + 1) return x end return f(1)",
    "local mt = {} mt.__index = function(t, k) return t[k .. 'x'] end return setmetatable({}, mt).a",
    "local function f() return 1 + f() end return f()",
  ])("is there when it went too deep after it wrote, and others go on: %s", (script) => {
    const engine = new EngineInMemory();
    const journal = new RecordingJournal();
    engine.server.propagation.journal = journal;
    expect(engine.run("EVAL", `redis.call('SET', 'k', 'v') ${script}`, 0)).toBeInstanceOf(Error);
    expect(journal.take()).toEqual(["SET k v"]);
    expect(engine.run("EVAL", "return redis.call('GET', 'k')", 0)).toBe("v");
    expect(engine.run("GET", "k")).toBe("v");
  });

  test("is known by its hash, the first 500 that only EVAL knows, and all that SCRIPT LOAD does", () => {
    const engine = new EngineInMemory();
    const kept = engine.run("SCRIPT", "LOAD", "return 'kept'");
    for (let i = 0; i < 2000; i++) engine.run("EVAL", `return ${i}`, 0);
    expect(engine.server.scripts.count).toBe(501);
    expect(engine.run("EVALSHA", String(kept), 0)).toBe("kept");
    expect(engine.run("EVAL", "return 3", 0)).toBe(3);
  });
});

describe("a user's rights", () => {
  test("hold for each command of a script", () => {
    const engine = new EngineInMemory();
    const reader = engine.client();
    reader.authenticate({
      user: "reader",
      roles: ["read_only"],
      can: (action) => action === "read" || action === "connect",
      scope: (action) => (action === "read" || action === "connect" ? "all" : "none"),
    });
    expect(engine.runAs(reader, "EVAL", "return redis.call('SET', 'a', 1)", "0")).toMatchObject({
      message: expect.stringMatching(/^NOPERM ACL failure in script: /),
    });
    expect(engine.runAs(reader, "EVAL", "return redis.acl_check_cmd('SET', 'a', 1)", "0")).toBe(null);
    expect(engine.runAs(reader, "EVAL", "return redis.call('GET', 'a')", "0")).toBe(null);
  });
});

describe("over the network", () => {
  test("libraries and what scripts wrote are there after a rewrite of the log and a restart", async () => {
    const dataDir = temporaryFolder();
    const first = await RunningEngine.start({ dataDir });
    const client = await first.client();
    expect(await client.call("FUNCTION", "LOAD", LIBRARY)).toBe("counters");
    expect(await client.call("FCALL", "count", 1, "n")).toBe(1);
    expect(await client.call("DEBUG", "RELOAD")).toMatchObject({});
    expect(await client.call("FCALL", "count", 1, "n")).toBe(2);
    await client.call("BGREWRITEAOF");
    expect(await client.call("FCALL", "count", 1, "n")).toBe(3);
    await first.image.stop();
    const second = await RunningEngine.start({ dataDir });
    const again = await second.client();
    expect(await again.call("FCALL", "count", 1, "n")).toBe(4);
    expect(await again.call("FUNCTION", "LIST", "LIBRARYNAME", "count*", "WITHCODE")).toEqual([
      [
        "library_name",
        "counters",
        "engine",
        "LUA",
        "functions",
        [["name", "count", "description", null, "flags", []]],
        "library_code",
        LIBRARY,
      ],
    ]);
  });

  test.each([
    "while true do end",
    "while true do redis.call('PING') end",
    "while true do pcall(function() while true do redis.call('PING') end end) end",
    "pcall(pcall, function() pcall(function() while true do end end) end)",
    "local co = coroutine.wrap(function() while true do coroutine.yield(1) end end) while true do co() end",
    "coroutine.wrap(function() xpcall(function() while true do end end, tostring) end)()",
  ])("a script that takes long lets others hear BUSY, and is ended by SCRIPT KILL: %s", async (script) => {
    const engine = await RunningEngine.start();
    const client = await engine.client();
    await client.call("CONFIG", "SET", "busy-reply-threshold", 20);
    await client.call("SET", "seen", 0);
    await client.write(encode("EVAL", script, 0));
    const other = await engine.client();
    // Connects and is answered while the script runs.
    await other.callUntil("BUSY Redis is busy running a script", "GET", "seen");
    expect(await other.call("FUNCTION", "KILL")).toMatchObject({
      message: expect.stringMatching(/^BUSY/),
    });
    expect(await other.call("SCRIPT", "KILL")).toBe("OK");
    expect(await client.reply()).toMatchObject({
      message: expect.stringContaining("Script killed by user with SCRIPT KILL"),
    });
    expect(await other.call("GET", "seen")).toBe("0");
    expect(await client.call("EVAL", "return 1", 0)).toBe(1);
  });

  test("one that has written cannot be ended, runs to its end and is one moment in time", async () => {
    const engine = await RunningEngine.start();
    const client = await engine.client();
    await client.call("CONFIG", "SET", "busy-reply-threshold", 5);
    const script = `
      redis.call('SET', 'k', 1, 'PX', 1)
      local before = redis.call('TIME')
      local n = 0
      for i = 1, 2e7 do n = n + i end
      local after = redis.call('TIME')
      return {redis.call('GET', 'k'), before[1] == after[1] and before[2] == after[2], redis.call('INCR', 'n')}`;
    await client.write(encode("EVAL", script, 0));
    const other = await engine.client();
    let reply = await other.call("SCRIPT", "KILL");
    while (reply instanceof Error && reply.message.startsWith("NOTBUSY"))
      reply = await other.call("SCRIPT", "KILL");
    expect(reply).toMatchObject({ message: expect.stringMatching(/^UNKILLABLE/) });
    expect(await client.reply()).toEqual(["1", 1, 1]);
    expect(await other.call("GET", "n")).toBe("1");
  });

  test("one that cannot be suspended is ended by the engine, if it has not written", async () => {
    const engine = await RunningEngine.start();
    const client = await engine.client();
    await client.call("CONFIG", "SET", "busy-reply-threshold", 10);
    for (const script of [
      "table.sort({3, 2, 1}, function() while true do end end)",
      "return ('x'):gsub('x', function() pcall(function() while true do end end) end)",
      "return setmetatable({}, { __index = function() while true do end end }).x",
    ]) {
      expect(await client.call("EVAL", script, 0), script).toMatchObject({
        message: expect.stringContaining("Script killed"),
      });
    }
    await client.call("MULTI");
    await client.call("EVAL", "while true do end", 0);
    expect(await client.call("EXEC")).toEqual([
      expect.objectContaining({ message: expect.stringContaining("Script killed") }),
    ]);
    expect(await client.call("EVAL", "return 1", 0)).toBe(1);
  });

  test("goes on when its client has gone", async () => {
    const engine = await RunningEngine.start();
    const client = await engine.client();
    await client.call("CONFIG", "SET", "busy-reply-threshold", 5);
    await client.write(
      encode("EVAL", "redis.call('SET', 'k', 1) for i = 1, 1e7 do end redis.call('SET', 'k', 2)", 0),
    );
    const other = await engine.client();
    let reply = await other.call("GET", "k");
    while (!(reply instanceof Error) && reply !== "2") reply = await other.call("GET", "k");
    client.destroy();
    while (reply instanceof Error) reply = await other.call("GET", "k");
    expect(reply).toBe("2");
  });
});
