import { describe, expect, test } from "vitest";
import { EngineInMemory } from "./engine-in-memory.ts";

describe("publish and subscribe", () => {
  test("a message reaches the channel's subscribers and those of matching patterns, and is counted", () => {
    const engine = new EngineInMemory();
    const [listener, matcher] = [engine.client(), engine.client()];
    expect(engine.runAs(listener, "SUBSCRIBE", "news.it")).toEqual(["subscribe", "news.it", 1]);
    expect(engine.runAs(matcher, "PSUBSCRIBE", "news.*")).toEqual(["psubscribe", "news.*", 1]);
    expect(engine.run("PUBLISH", "news.it", "hello")).toBe(2);
    expect(engine.run("PUBLISH", "sport", "hello")).toBe(0);
    expect(engine.received(listener)).toEqual([["message", "news.it", "hello"]]);
    expect(engine.received(matcher)).toEqual([["pmessage", "news.*", "news.it", "hello"]]);
  });

  test("with RESP2 a subscriber may only change its subscriptions, ping, quit and reset", () => {
    const engine = new EngineInMemory();
    engine.run("SUBSCRIBE", "c");
    expect(engine.run("GET", "k")).toEqual(
      new Error(
        "ERR Can't execute 'get': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context",
      ),
    );
    expect(engine.run("PING")).toEqual(["pong", ""]);
    expect(engine.run("UNSUBSCRIBE")).toEqual(["unsubscribe", "c", 0]);
    expect(engine.run("GET", "k")).toBeNull();
  });

  test("UNSUBSCRIBE without subscriptions says so", () => {
    expect(new EngineInMemory().run("UNSUBSCRIBE")).toEqual(["unsubscribe", null, 0]);
  });

  test("a client that publishes to itself gets the message behind its reply", () => {
    const engine = new EngineInMemory();
    engine.session.version = 3;
    engine.run("SUBSCRIBE", "c");
    engine.run("MULTI");
    engine.run("PUBLISH", "c", "hello");
    engine.run("DBSIZE");
    expect(engine.runRaw("EXEC")).toBe("*2\r\n:1\r\n:0\r\n>3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$5\r\nhello\r\n");
  });

  test("shard channels are a space of their own", () => {
    const engine = new EngineInMemory();
    const listener = engine.client();
    engine.runAs(listener, "SSUBSCRIBE", "c");
    expect(engine.run("PUBLISH", "c", "x")).toBe(0);
    expect(engine.run("SPUBLISH", "c", "y")).toBe(1);
    expect(engine.received(listener)).toEqual([["smessage", "c", "y"]]);
    expect(engine.run("PUBSUB", "SHARDCHANNELS")).toEqual(["c"]);
  });

  test("PUBSUB tells who listens, and forgets a client that is gone", () => {
    const engine = new EngineInMemory();
    const listener = engine.client();
    engine.runAs(listener, "SUBSCRIBE", "a");
    engine.runAs(listener, "PSUBSCRIBE", "p*");
    expect(engine.run("PUBSUB", "CHANNELS")).toEqual(["a"]);
    expect(engine.run("PUBSUB", "NUMSUB", "a", "b")).toEqual(["a", 1, "b", 0]);
    expect(engine.run("PUBSUB", "NUMPAT")).toBe(1);
    engine.server.closeSession(listener);
    expect(engine.run("PUBSUB", "CHANNELS")).toEqual([]);
    expect(engine.run("PUBSUB", "NUMPAT")).toBe(0);
  });
});

describe("keyspace notifications", () => {
  test("an event is published under its key and under its name, if its class is on", () => {
    const engine = new EngineInMemory();
    const listener = engine.client();
    engine.runAs(listener, "PSUBSCRIBE", "__key*__:*");
    engine.run("SET", "quiet", 1);
    expect(engine.received(listener)).toEqual([]);
    engine.run("CONFIG", "SET", "notify-keyspace-events", "K$g");
    engine.run("SET", "k", 1);
    engine.run("DEL", "k");
    engine.run("LPUSH", "l", 1);
    expect(engine.received(listener)).toEqual([
      ["pmessage", "__key*__:*", "__keyspace@0__:k", "set"],
      ["pmessage", "__key*__:*", "__keyspace@0__:k", "del"],
    ]);
    engine.run("CONFIG", "SET", "notify-keyspace-events", "EA");
    engine.run("RPUSH", "l", 2);
    expect(engine.received(listener)).toEqual([["pmessage", "__key*__:*", "__keyevent@0__:rpush", "l"]]);
    expect(engine.run("CONFIG", "GET", "notify-keyspace-events")).toEqual(["notify-keyspace-events", "AE"]);
  });

  test("an expired key is announced when it is found to be", () => {
    let now = 5_000;
    const engine = new EngineInMemory({ clock: () => now });
    const listener = engine.client();
    engine.run("CONFIG", "SET", "notify-keyspace-events", "Ex");
    engine.runAs(listener, "SUBSCRIBE", "__keyevent@0__:expired");
    engine.run("SET", "k", 1, "PX", 10);
    now += 20;
    expect(engine.run("GET", "k")).toBeNull();
    expect(engine.received(listener)).toEqual([["message", "__keyevent@0__:expired", "k"]]);
  });
});
