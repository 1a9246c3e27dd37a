import { describe, expect, test } from "vitest";
import { RunningEngine } from "./running-engine.ts";
import { encode, encodeWords } from "./wire-client.ts";

const refused = (text: string) => new Error(`ERR Protocol error: ${text}`);

describe("requests that break the protocol get Redis's error, and the connection ends", () => {
  test.each([
    ["a bulk string where an argument should be", "*1\r\n:3\r\n", "expected '$', got ':'"],
    ["an array inside an array", "*2\r\n*1\r\n$4\r\nPING\r\n", "expected '$', got '*'"],
    ["arrays nested a thousand deep", "*1\r\n".repeat(1000), "expected '$', got '*'"],
    ["more arguments than an int holds", "*2147483648\r\n", "invalid multibulk length"],
    ["a count of twenty digits", "*20000000000000000000\r\n", "invalid multibulk length"],
    ["a count that is no number", "*blabla\r\n", "invalid multibulk length"],
    ["a count that is missing", "*\r\n", "invalid multibulk length"],
    ["a count with a leading zero", "*01\r\n$4\r\nPING\r\n", "invalid multibulk length"],
    ["a length that is negative", "*1\r\n$-1\r\n", "invalid bulk length"],
    ["a length that is no number", "*1\r\n$x\r\n", "invalid bulk length"],
    ["a length beyond proto-max-bulk-len", `*1\r\n$${(512 << 20) + 1}\r\n`, "invalid bulk length"],
    ["a length beyond 64 bits", "*1\r\n$99999999999999999999\r\n", "invalid bulk length"],
    ["a count that does not end", `*${"1".repeat(70_000)}`, "too big mbulk count string"],
    ["a length that does not end", `*1\r\n$${"1".repeat(70_000)}`, "too big bulk count string"],
    ["a line of 1 MB", "a".repeat(1 << 20), "too big inline request"],
    ["a line of 1 MB that ends", `${"a ".repeat(1 << 19)}\r\n`, "too big inline request"],
    ["a quote that stays open", 'SET k "value\r\n', "unbalanced quotes in request"],
    ["text behind a quote", "SET k 'value'x\r\n", "unbalanced quotes in request"],
  ])("%s", async (_what, bytes, error) => {
    const engine = await RunningEngine.start();
    const client = await engine.client();
    void client.write(bytes);
    expect(await client.reply()).toEqual(refused(error));
    await client.closed;
  });

  test("what was asked before is answered, what comes behind is not run", async () => {
    const engine = await RunningEngine.start();
    const client = await engine.client();
    await client.write(`${encode("SET", "k", "before")}*1\r\n$-5\r\n${encode("SET", "k", "behind")}`);
    expect(await client.reply()).toBe("OK");
    expect(await client.reply()).toEqual(refused("invalid bulk length"));
    expect(await client.reply()).toBeUndefined();
    expect(await (await engine.client()).call("GET", "k")).toBe("before");
  });

  test("a web page cannot make a browser send commands: POST and Host: end the connection", async () => {
    const engine = await RunningEngine.start();
    for (const line of ["POST / HTTP/1.1", "Host: localhost"]) {
      const client = await engine.client();
      await client.write(`${line}\r\nSET k v\r\n`);
      expect(await client.reply()).toBeUndefined();
    }
    expect(await (await engine.client()).call("EXISTS", "k")).toBe(0);
  });
});

describe("requests that are odd and right", () => {
  test("empty lines and empty arrays are not answered", async () => {
    const engine = await RunningEngine.start();
    const client = await engine.client();
    await client.write("\r\n*0\r\n*-1\r\n*-12\r\n   \r\n\nPING\r\n");
    expect(await client.reply()).toBe("PONG");
  });

  test("an empty command name is an unknown command", async () => {
    const engine = await RunningEngine.start();
    const client = await engine.client();
    expect(await client.call("")).toEqual(new Error("ERR unknown command '', with args beginning with: "));
    expect(await client.call("\r\n\0", "a\nb")).toEqual(
      new Error("ERR unknown command '  ', with args beginning with: 'a b' "),
    );
    expect(await client.call("PING")).toBe("PONG");
  });

  test("keys and values hold any bytes", async () => {
    const engine = await RunningEngine.start();
    const client = await engine.client();
    const all = Buffer.from(Array.from({ length: 512 }, (_, index) => index & 255));
    expect(await client.call("SET", all, Buffer.concat([all, all]))).toBe("OK");
    expect(await client.call("GET", all)).toBe(Buffer.concat([all, all]).toString("latin1"));
    expect(await client.call("KEYS", "*")).toEqual([all.toString("latin1")]);
  });

  test.each([
    ["ECHO plain", "plain"],
    ["  ECHO   spaced  ", "spaced"],
    ["echo \tTabbed", "Tabbed"],
    ['ECHO "with space"', "with space"],
    ["ECHO 'single \\' quoted'", "single ' quoted"],
    ['ECHO "\\x41\\n\\r\\t\\b\\a\\"\\\\\\q"', 'A\n\r\t\b\x07"\\q'],
    ['ECHO ""', ""],
    ['ECHO a"b c"', "ab c"],
    ["ECHO before\0 the NUL counts", "before"],
  ])("inline: %j", async (line, expected) => {
    const engine = await RunningEngine.start();
    const client = await engine.client();
    await client.write(`${line}\r\n`);
    expect(await client.reply()).toBe(expected);
    await client.write(`${line}\n`);
    expect(await client.reply()).toBe(expected);
  });

  test("CLIENT LIST says how long its own request is, inline or not, alone or behind others", async () => {
    const engine = await RunningEngine.start();
    const client = await engine.client();
    for (const request of ["CLIENT LIST\r\n", encode("CLIENT", "LIST"), encode("CLIENT", "INFO")]) {
      await client.write(`PING\r\n${request}`);
      expect(await client.reply()).toBe("PONG");
      expect(await client.reply()).toContain(` qbuf=${request.length} `);
    }
  });

  test("an inline command may have 64 KB", async () => {
    const engine = await RunningEngine.start();
    const client = await engine.client();
    const word = "x".repeat((64 << 10) - "ECHO ".length);
    await client.write(`ECHO ${word}\r\n`);
    expect(await client.reply()).toBe(word);
  });

  test("a request of 100,000 arguments is one command", async () => {
    const engine = await RunningEngine.start();
    const client = await engine.client();
    const values = Array.from({ length: 100_000 }, (_, index) => `v${index}`);
    await client.write(encodeWords(["RPUSH", "list", ...values]));
    expect(await client.reply()).toBe(100_000);
    expect(await client.call("LRANGE", "list", 99_998, -1)).toEqual(["v99998", "v99999"]);
  });
});

describe("what is announced costs nothing before it comes", () => {
  test("1 GB announced", async () => {
    const engine = await RunningEngine.start({ inmemory: { proto_max_bulk_len: 2 ** 31 - 1 } });
    const other = await engine.client();
    const before = process.memoryUsage();
    const clients = await Promise.all(Array.from({ length: 20 }, () => engine.client()));
    for (const client of clients)
      await client.write(`*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$${1 << 30}\r\nbeginning`);
    for (const client of clients) await client.write(" and a bit more");
    expect(await other.call("PING")).toBe("PONG");
    const after = process.memoryUsage();
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(16 << 20);
    for (const client of clients) client.destroy();
    expect(await other.call("EXISTS", "k")).toBe(0);
  });

  test("two billion arguments announced", async () => {
    const engine = await RunningEngine.start();
    const [client, other] = [await engine.client(), await engine.client()];
    const before = process.memoryUsage();
    await client.write(`*${2 ** 31 - 1}\r\n$4\r\nMGET\r\n${"$1\r\nk\r\n".repeat(1000)}`);
    expect(await other.call("PING")).toBe("PONG");
    expect(process.memoryUsage().arrayBuffers - before.arrayBuffers).toBeLessThan(16 << 20);
  });

  test("input beyond client-query-buffer-limit ends the connection", async () => {
    const engine = await RunningEngine.start({ inmemory: { client_query_buffer_limit: "1MB" } });
    const [client, other] = [await engine.client(), await engine.client()];
    void client.write(`*2\r\n$4\r\nECHO\r\n$${8 << 20}\r\n`);
    void client.write(Buffer.alloc(8 << 20, "x"));
    expect(await client.reply()).toBeUndefined();
    expect(await other.call("PING")).toBe("PONG");
  });

  test("a transaction's queue counts as input", async () => {
    const engine = await RunningEngine.start({ inmemory: { client_query_buffer_limit: "1MB" } });
    const client = await engine.client();
    expect(await client.call("MULTI")).toBe("OK");
    const value = "x".repeat(100_000);
    const answers: unknown[] = [];
    for (let i = 0; i < 12; i++) answers.push(await client.call("SET", "k", value));
    expect(answers[8]).toBe("QUEUED");
    expect(answers.at(-1)).toBeUndefined();
    expect(await (await engine.client()).call("EXISTS", "k")).toBe(0);
  });
});

describe("who has not logged in gets little room", () => {
  const start = () => RunningEngine.start({ auth: { method: "password", user: "u", password: "p" } });

  test.each([
    ["eleven arguments", "*11\r\n", "unauthenticated multibulk length"],
    ["an argument of more than 16 KB", "*2\r\n$4\r\nAUTH\r\n$16385\r\n", "unauthenticated bulk length"],
  ])("%s", async (_what, bytes, error) => {
    const client = await (await start()).client();
    await client.write(bytes);
    expect(await client.reply()).toEqual(refused(error));
    await client.closed;
  });

  test("the limits are gone after AUTH, also for what is in the same packet", async () => {
    const client = await (await start()).client();
    const long = "x".repeat(20_000);
    await client.write(Buffer.concat([encode("AUTH", "u", "p"), encode("ECHO", long)]));
    expect(await client.replies(2)).toEqual(["OK", long]);
    const keys = Array.from({ length: 20 }, (_, index) => `k${index}`);
    expect(await client.call("MGET", ...keys)).toEqual(keys.map(() => null));
  });

  test("the limits are back after RESET", async () => {
    const client = await (await start()).client();
    expect(await client.call("AUTH", "u", "p")).toBe("OK");
    expect(await client.call("RESET")).toBe("RESET");
    await client.write("*11\r\n");
    expect(await client.reply()).toEqual(refused("unauthenticated multibulk length"));
  });
});
