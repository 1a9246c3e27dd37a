import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { Duplex } from "node:stream";
import { randomIntegers } from "@weftkit/testing/random-numbers";
import { describe, expect, onTestFinished, test } from "vitest";
import { FramedConnection, type FrameEvents, SocketGroup, socketsSupport } from "../src/index.ts";

const { available: isBuilt } = socketsSupport();

/** A length in four bytes that counts itself, then so many bytes; at most 1 MiB. */
function frameLength(bytes: Buffer, at: number, end: number): number {
  if (end - at < 4) return 0;
  const length = bytes.readUInt32BE(at);
  if (length < 4 || length > 1 << 20) throw new RangeError(`a frame of ${length} bytes`);
  return length;
}

function frame(text: string | Buffer): Buffer {
  const body = Buffer.from(text);
  const header = Buffer.alloc(4);
  header.writeUInt32BE(body.length + 4);
  return Buffer.concat([header, body]);
}

/** The server's side of one connection, and what it was told. */
class Session implements FrameEvents {
  readonly told: string[] = [];
  connection!: FramedConnection;
  onFrame: (text: string) => void = () => {};
  #waiting: (() => void)[] = [];

  frame(bytes: Buffer, at: number, length: number): void {
    const text = bytes.toString("latin1", at + 4, at + length);
    this.told.push(text);
    this.onFrame(text);
    this.#wake();
  }
  malformed(error: unknown): void {
    this.#note(`malformed: ${(error as Error).message}`);
  }
  ended(): void {
    this.#note("ended");
  }
  drained(): void {
    this.#note("drained");
  }
  closed(): void {
    this.#note("closed");
  }
  #note(what: string): void {
    this.told.push(what);
    this.#wake();
  }
  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}

async function connected(
  hasNativeSockets: boolean,
): Promise<{ client: Socket; session: Session; group: SocketGroup }> {
  const group = new SocketGroup(hasNativeSockets);
  const session = new Session();
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = connect({
    port: (server.address() as { port: number }).port,
    host: "127.0.0.1",
    allowHalfOpen: true,
  });
  const [socket] = (await once(server, "connection")) as [Socket];
  session.connection = new FramedConnection(group, group.take(socket), frameLength, session);
  session.connection.start();
  onTestFinished(async () => {
    client.destroy();
    if (!session.connection.isClosed) session.connection.destroy();
    group.end();
    server.close();
  });
  client.on("error", () => {});
  return { client, session, group };
}

describe.each([...(isBuilt ? [true] : []), false])("with native sockets: %s", (isNative) => {
  test("frames come whole, however the packets are cut", async () => {
    const seed = 20_261_128;
    const below = randomIntegers(seed);
    const { client, session } = await connected(isNative);
    const texts = Array.from({ length: 400 }, (_, index) =>
      `${index}:`.padEnd(below(index % 50 === 0 ? 200_000 : 60) + 6, "x"),
    );
    const bytes = Buffer.concat(texts.map(frame));
    for (let at = 0; at < bytes.length; ) {
      const end = at + 1 + below(below(3) === 0 ? 40 : 100_000);
      const isFlushed = client.write(bytes.subarray(at, end));
      if (!isFlushed) await once(client, "drain");
      at = end;
    }
    await session.until(() => session.told.length >= texts.length);
    expect(session.told, `seed ${seed}`).toEqual(texts);
  });

  test("while it is paused nothing is told, reading stops, and everything comes afterwards", async () => {
    const { client, session } = await connected(isNative);
    session.onFrame = (text) => {
      if (text === "stop") session.connection.pause();
    };
    const big = "b".repeat(300_000);
    client.write(Buffer.concat([frame("a"), frame("stop"), frame("c")]));
    await session.until(() => session.told.includes("stop"));
    let sent = 0;
    // More than the kernel's buffers and what is kept: the client is held up.
    while (client.write(frame(big)) && sent < 200) sent++;
    for (; sent < 40; sent++) client.write(frame(big));
    expect(session.told).toEqual(["a", "stop"]);
    session.onFrame = () => {};
    session.connection.resume();
    client.end(frame("last"));
    await session.until(() => session.told.includes("ended"));
    expect(session.told.slice(0, 3)).toEqual(["a", "stop", "c"]);
    expect(session.told.at(-2)).toBe("last");
    expect(session.told.filter((text) => text === big).length).toBeGreaterThanOrEqual(sent);
  });

  test("pausing and going on at each frame keeps the order", async () => {
    const { client, session } = await connected(isNative);
    const texts = Array.from({ length: 500 }, (_, index) => String(index));
    session.onFrame = (text) => {
      session.connection.pause();
      if (Number(text) % 3 === 0) session.connection.resume();
      else setImmediate(() => session.connection.resume());
    };
    client.write(Buffer.concat(texts.map(frame)));
    await session.until(() => session.told.length === texts.length);
    expect(session.told).toEqual(texts);
  });

  test("what is no frame is told once, and what was sent before the end arrives", async () => {
    const { client, session } = await connected(isNative);
    client.write(Buffer.concat([frame("good"), Buffer.from([0xff, 0xff, 0xff, 0xff]), frame("never")]));
    await session.until(() => session.told.length === 2);
    client.write(frame("never"));
    session.connection.send(Buffer.from("sorry"));
    session.connection.end();
    const [answer] = await once(client, "data");
    expect(answer.toString()).toBe("sorry");
    client.end();
    await session.until(() => session.told.includes("closed"));
    expect(session.told).toEqual(["good", "malformed: a frame of 4294967295 bytes", "closed"]);
  });

  test("much that is sent in one turn comes in its order", async () => {
    const { client, session } = await connected(isNative);
    const chunks = Array.from({ length: 300 }, (_, index) => Buffer.alloc(20_000 + index * 100, index % 251));
    session.onFrame = () => {
      for (const chunk of chunks) session.connection.send(Buffer.from(chunk));
      session.connection.end();
    };
    client.write(frame("go"));
    const received: Buffer[] = [];
    client.on("data", (bytes: Buffer) => received.push(bytes));
    await once(client, "end");
    expect(Buffer.concat(received).equals(Buffer.concat(chunks))).toBe(true);
  });

  test("a slow reader is told of, and then that it has caught up", async () => {
    const { client, session } = await connected(isNative);
    const chunk = Buffer.alloc(1 << 20, "z");
    let sent = 0;
    do {
      session.connection.send(Buffer.from(chunk));
      sent += chunk.length;
      await new Promise((resolve) => setImmediate(resolve));
    } while (session.connection.unsentBytes === 0 && sent < 1 << 28);
    expect(session.connection.unsentBytes).toBeGreaterThan(0);
    let received = 0;
    client.on("data", (bytes: Buffer) => {
      received += bytes.length;
    });
    await session.until(() => session.told.includes("drained"));
    expect(session.connection.unsentBytes).toBe(0);
    session.connection.end();
    await once(client, "end");
    expect(received).toBe(sent);
  });
});

test("a few bytes that a stream keeps for a moment, as TLS does, are told of when they are sent", async () => {
  const kept: (() => void)[] = [];
  const stream = new Duplex({ read() {}, write: (_chunk, _encoding, sent) => void kept.push(sent) });
  const group = new SocketGroup(false);
  const session = new Session();
  session.connection = new FramedConnection(group, group.take(stream), frameLength, session);
  session.connection.start();
  onTestFinished(() => {
    session.connection.destroy();
    group.end();
  });
  for (const text of ["one", "two"]) session.connection.send(Buffer.from(text));
  expect(session.connection.unsentBytes).toBe(6);
  kept.shift()!();
  expect(session.told).toEqual([]);
  // The second is written when the first is done.
  while (kept.length === 0) await new Promise((resolve) => setImmediate(resolve));
  kept.shift()!();
  await session.until(() => session.told.length > 0);
  expect(session.told).toEqual(["drained"]);
  expect(session.connection.unsentBytes).toBe(0);
});
