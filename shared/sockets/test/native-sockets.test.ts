import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { NativeSockets, socketsSupport } from "../src/native-sockets.ts";
import type { Transport, TransportEvents } from "../src/transport.ts";

const { available: isBuilt, why } = socketsSupport();
if (!isBuilt) console.log(`the tests of the native sockets are left out: ${why}`);

// Elsewhere a compiler may be missing; in CI these tests must not be left out.
test.runIf(process.env.CI)("the module is found", () => {
  expect(socketsSupport()).toEqual({ available: true });
});

/** What a transport told, in order; bytes as text. */
class Told implements TransportEvents {
  readonly lines: string[] = [];
  #waiting: (() => void)[] = [];
  text = "";

  upcoming(): void {}
  data(buffer: Buffer, start: number, end: number): void {
    this.text += buffer.toString("latin1", start, end);
    this.#note("data");
  }
  unsent(): void {
    this.#note("unsent");
  }
  drained(): void {
    this.#note("drained");
  }
  ended(): void {
    this.#note("ended");
  }
  closed(): void {
    this.#note("closed");
  }

  async until(line: string): Promise<void> {
    while (!this.lines.includes(line)) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #note(line: string): void {
    this.lines.push(line);
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

interface Pair {
  readonly client: Socket;
  readonly transport: Transport;
  readonly told: Told;
}

/** Connections of one poller, each with its client; `write` is sent at the end of a turn. */
async function connected(count: number): Promise<{ sockets: NativeSockets; pairs: Pair[] }> {
  const sockets = NativeSockets.open()!;
  const server = createServer({ pauseOnConnect: true });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  onTestFinished(() => {
    sockets.end();
    server.close();
  });
  const pairs: Pair[] = [];
  for (let i = 0; i < count; i++) {
    const accepted = once(server, "connection");
    const client = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    onTestFinished(() => {
      client.destroy();
    });
    const [socket] = (await accepted) as [Socket];
    const transport = sockets.take(socket)!;
    const told = new Told();
    transport.start(told);
    pairs.push({ client, transport, told });
  }
  return { sockets, pairs };
}

async function readAll(client: Socket, bytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of client) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= bytes) break;
  }
  return Buffer.concat(chunks);
}

test.runIf(isBuilt)("bytes go both ways, and an end of stream is told once", async () => {
  const { sockets, pairs } = await connected(1);
  const { client, transport, told } = pairs[0]!;
  client.write("hello");
  await told.until("data");
  expect(told.text).toBe("hello");
  const bytes = Buffer.from("..world..");
  expect(transport.send(bytes, 2, 7)).toBe(true);
  expect(sockets.flush()).toBe(true);
  const received = once(client, "data");
  expect(String((await received)[0])).toBe("world");
  client.end();
  await told.until("ended");
  transport.end();
  await once(client, "end");
  expect(told.lines).toEqual(["data", "ended", "closed"]);
});

test.runIf(isBuilt)("what does not fit is kept, sent in order, and told of", async () => {
  const { sockets, pairs } = await connected(1);
  const { client, transport, told } = pairs[0]!;
  // Several ranges for one client in one flush, of which the first already fills the kernel's buffers.
  const length = 8 << 20;
  const buffer = Buffer.alloc(3 * length);
  for (let i = 0; i < buffer.length; i += 4) buffer.writeUInt32LE(i, i);
  for (let i = 0; i < 3; i++) transport.send(buffer, i * length, (i + 1) * length);
  sockets.flush();
  expect(transport.unsentBytes).toBeGreaterThan(length);
  expect(told.lines).toContain("unsent");
  transport.send(Buffer.from("tail"), 0, 4);
  const received = await readAll(client, buffer.length + 4);
  expect(received.length).toBe(buffer.length + 4);
  expect(received.subarray(0, buffer.length).equals(buffer)).toBe(true);
  expect(received.subarray(buffer.length).toString()).toBe("tail");
  await told.until("drained");
  expect(transport.unsentBytes).toBe(0);
});

test.runIf(isBuilt)("an end waits for what is kept", async () => {
  const { sockets, pairs } = await connected(1);
  const { client, transport, told } = pairs[0]!;
  const buffer = Buffer.alloc(16 << 20, "x");
  transport.send(buffer, 0, buffer.length);
  sockets.flush();
  transport.end();
  expect(told.lines).not.toContain("closed");
  expect((await readAll(client, Number.POSITIVE_INFINITY)).length).toBe(buffer.length);
  await told.until("closed");
});

test.runIf(isBuilt)("a paused connection is not read, and goes on where it was", async () => {
  const { pairs } = await connected(2);
  const [paused, other] = pairs as [Pair, Pair];
  paused.transport.pause();
  paused.client.write("a");
  other.client.write("b");
  await other.told.until("data");
  expect(paused.told.lines).toEqual([]);
  paused.transport.resume();
  await paused.told.until("data");
  expect(paused.told.text).toBe("a");
});

test.runIf(isBuilt)("a reset connection is closed, whether it is read or written", async () => {
  const { sockets, pairs } = await connected(2);
  const [read, written] = pairs as [Pair, Pair];
  read.client.resetAndDestroy();
  await read.told.until("closed");
  written.transport.pause();
  written.client.resetAndDestroy();
  await once(written.client, "close");
  const bytes = Buffer.from("x");
  while (!written.told.lines.includes("closed")) {
    written.transport.send(bytes, 0, 1);
    sockets.flush();
    await new Promise((resolve) => setImmediate(resolve));
  }
});

test.runIf(isBuilt)("a connection that is closed in its turn gets nothing more of that turn", async () => {
  const { sockets, pairs } = await connected(3);
  const [first, second, third] = pairs as [Pair, Pair, Pair];
  for (const { client } of pairs) client.write("x");
  await Promise.all(pairs.map(({ told }) => told.until("data")));
  // From now on whoever is told of bytes first closes the two others.
  for (const { told, transport } of pairs) {
    told.data = () => {
      for (const other of pairs) if (other.transport !== transport) other.transport.destroy();
      told.lines.push("survived");
    };
  }
  let turns = 0;
  sockets.turn = { beginTurn: () => turns++, lookAhead() {}, endTurn() {} };
  for (const { client } of pairs) client.write("y");
  while (!pairs.some(({ told }) => told.lines.includes("survived")))
    await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setTimeout(resolve, 20));
  const survivors = [first, second, third].filter(({ told }) => told.lines.includes("survived"));
  expect(survivors.length).toBe(1);
  expect(turns).toBeGreaterThan(0);
});

test.runIf(isBuilt)("an error in a turn reaches the process, and the sockets go on", async () => {
  const { pairs } = await connected(1);
  const { client, told } = pairs[0]!;
  const before = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException");
  onTestFinished(() => {
    for (const listener of before) process.on("uncaughtException", listener);
  });
  const data = told.data.bind(told);
  told.data = () => {
    told.data = data;
    throw new Error("in a turn");
  };
  const caught = once(process, "uncaughtException");
  client.write("a");
  expect(String((await caught)[0])).toContain("in a turn");
  client.write("b");
  await told.until("data");
  expect(told.text).toBe("b");
});

test.runIf(isBuilt)(
  "after its end a poller does nothing, and its memory may still be asked for",
  async () => {
    const { sockets, pairs } = await connected(1);
    const { transport, told } = pairs[0]!;
    transport.destroy();
    sockets.end();
    sockets.end();
    expect(transport.send(Buffer.from("x"), 0, 1)).toBe(true);
    expect(sockets.flush()).toBe(true);
    expect(told.lines).toEqual(["closed"]);
  },
);
