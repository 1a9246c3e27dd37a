import { type ChildProcess, fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { Transform } from "node:stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  piecesAfter,
  ReplicaSpool,
  receivePieces,
  type SendOptions,
  sendPieces,
} from "../src/replicas/index.ts";
import type { RestorePiece } from "../src/stream.ts";
import { PagesChain } from "./pages-chain.ts";
import { replicaSecret, spoolOptions } from "./replica-options.ts";

const channel = { secret: replicaSecret, silenceMsMax: 60_000 };
let chain: PagesChain;

beforeAll(async () => {
  chain = new PagesChain();
  chain.isSubstituting = false;
  await chain.open();
  for (let push = 0; push < 6; push++) await write(push === 0 ? 2000 : 50);
});
afterAll(async () => {
  await chain.close();
  chain.remove();
});

async function write(rows: number): Promise<void> {
  await chain.store.write((db) => {
    const insert = db.prepare("INSERT OR REPLACE INTO item VALUES (?, ?, ?)");
    for (let id = 0; id < rows; id++) insert.run(id, "item", randomBytes(500));
  });
  await chain.capture();
}

const newFolder = () => mkdtempSync(join(chain.folder, "replica-"));
const newSpool = (folder = newFolder()) => new ReplicaSpool(spoolOptions(folder));
const codeOf = (error: unknown) => (error as { code?: string }).code;

interface Sending extends Partial<SendOptions> {
  readonly pieces?: readonly RestorePiece[];
  /** What is done to the bytes on their way to the replica. */
  readonly line?: Transform;
}

/** One connection over a real socket until it ends; how it ended on either side, and what was acknowledged. */
async function replicate(spool: ReplicaSpool, { pieces = chain.pieces, line, ...options }: Sending = {}) {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const socket = connect((server.address() as { port: number }).port, "127.0.0.1");
  const [accepted] = (await once(server, "connection")) as [Socket];
  const acknowledged: number[] = [];
  const end = line === undefined ? accepted : through(accepted, line);
  const replica = receivePieces(end, spool, channel).catch(codeOf);
  const sending = { ...channel, epoch: 1, acknowledged: (seq: number) => void acknowledged.push(seq) };
  const follow: SendOptions["follow"] = async function* (position) {
    yield* piecesAfter(pieces, position);
  };
  const primary = await sendPieces(socket, { ...sending, follow, ...options }).catch(codeOf);
  const ended = { primary, replica: await replica, acknowledged };
  server.close();
  return ended;
}

/** The socket, with what it receives led through `line`. */
function through(socket: Socket, line: Transform): Socket {
  const changed = socket.pipe(line);
  socket.once("close", () => line.end());
  return new Proxy(socket, {
    get(target, key) {
      if (key === Symbol.asyncIterator) return () => changed[Symbol.asyncIterator]();
      const value = Reflect.get(target, key);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** Changes one bit of the byte at `position` of what passes. */
function flipping(position: number): Transform {
  let passed = 0;
  return new Transform({
    transform(chunk: Buffer, _, done) {
      const at = position - passed;
      passed += chunk.length;
      if (at >= 0 && at < chunk.length) chunk[at]! ^= 1;
      done(null, chunk);
    },
  });
}

/** Passes so many bytes on from the primary to the replica at `port`, then no more: the moment to kill one of them. */
async function stallingRelay(port: number, bytes: number) {
  const { promise: stalled, resolve } = Promise.withResolvers<void>();
  const relay = createServer((primary) => {
    const replica = connect(port, "127.0.0.1");
    for (const socket of [primary, replica]) {
      socket.on("error", () => {
        // One of them was killed.
      });
      socket.on("close", () => {
        primary.destroy();
        replica.destroy();
      });
    }
    let left = Math.floor(bytes);
    primary.on("data", (chunk: Buffer) => {
      if (left > 0) replica.write(chunk.subarray(0, left));
      left -= chunk.length;
      if (left <= 0) resolve();
    });
    replica.pipe(primary);
  });
  relay.listen(0, "127.0.0.1");
  await once(relay, "listening");
  return { relay, stalled };
}

/** What differs between the primary's database and the one that the replica's pieces lead to. */
async function difference(spool: ReplicaSpool): Promise<string> {
  const own = chain.pieces;
  chain.pieces = spool.pieces as typeof own;
  try {
    return await chain.difference();
  } finally {
    chain.pieces = own;
  }
}

describe("a replica", () => {
  test("comes to the primary's state, goes on where it was, and after its own restart", async () => {
    const folder = newFolder();
    const first = await replicate(newSpool(folder), { pieces: chain.pieces.slice(0, 3) });
    expect(first).toEqual({ primary: undefined, replica: "peer_gone", acknowledged: [1, 2, 3] });
    const spool = newSpool(folder);
    expect((await replicate(spool)).acknowledged).toEqual([4, 5, 6]);
    expect(await difference(spool)).toBe("");
  });

  test("refuses a stream in which a bit was changed, and keeps what it had", async () => {
    for (const at of [60, 300, 5000]) {
      const spool = newSpool();
      await replicate(spool, { pieces: chain.pieces.slice(0, 2) });
      const { replica, acknowledged } = await replicate(spool, { line: flipping(at) });
      expect(replica).toBe("peer_refused");
      expect(acknowledged).toEqual([]);
      expect(spool.position.seq).toBe(2);
    }
  });

  test("refuses a primary with another secret before it takes anything from it", async () => {
    const spool = newSpool();
    const { replica } = await replicate(spool, { secret: "another" });
    expect(replica).toBe("peer_refused");
    expect(spool.epoch).toBe(0);
  });

  test("refuses a chain with a gap", async () => {
    const spool = newSpool();
    const { replica, acknowledged } = await replicate(spool, { pieces: chain.pieces.toSpliced(2, 1) });
    expect(replica).toBe("chain_broken");
    expect(acknowledged).toEqual([1, 2]);
  });

  test("is never taken back by a chain that ends before what it has", async () => {
    const spool = newSpool();
    await replicate(spool);
    const older = async function* () {
      yield* chain.pieces.slice(0, 2);
    };
    await replicate(spool, { follow: older });
    expect(spool.position.seq).toBe(6);
    expect(await difference(newSpool(spool.incoming.replace(/incoming$/, "")))).toBe("");
  });

  test("keeps no more than it was allowed", async () => {
    const folder = newFolder();
    const spool = new ReplicaSpool({ ...spoolOptions(folder), bytesMax: 10_000 });
    expect((await replicate(spool)).replica).toBe("replica_full");
    expect(readdirSync(folder)).toEqual(["replica.json"]);
  });
});

describe("a promoted replica", () => {
  test("refuses the old primary from then on, which is told that it is over", async () => {
    const folder = newFolder();
    const spool = newSpool(folder);
    await replicate(spool);
    expect(spool.promote()).toBe(2);
    for (const epoch of [1, 2]) {
      expect(await replicate(newSpool(folder), { epoch })).toEqual({
        primary: "fenced",
        replica: "fenced",
        acknowledged: [],
      });
    }
  });

  test("refuses a piece that was on its way", async () => {
    const spool = newSpool();
    const acknowledged = (seq: number) => {
      if (seq === 2) spool.promote();
    };
    expect((await replicate(spool, { acknowledged })).replica).toBe("fenced");
    expect(spool.position.seq).toBe(2);
  });
});

describe("after kill -9", () => {
  const child = (...argv: string[]) =>
    fork(join(import.meta.dirname, "replica-child.ts"), argv, {
      stdio: ["ignore", "ignore", "ignore", "ipc"],
    });
  const kill = async (process: ChildProcess) => {
    const exit = once(process, "exit");
    process.kill("SIGKILL");
    await exit;
  };
  const listOfPieces = () => {
    const list = join(newFolder(), "pieces.json");
    writeFileSync(list, JSON.stringify(chain.pieces));
    return list;
  };

  test.each(["primary", "replica"])("of the %s the replica goes on and ends equal", async (killed) => {
    const folder = newFolder();
    const list = listOfPieces();
    let acknowledged = 0;
    const baseBytes = chain.pieces[0]!.bytes;
    // Within the base, then within the pieces behind it.
    for (const bytes of [baseBytes / 2, baseBytes + 40_000]) {
      const replica = child("replica", folder);
      const [port] = await once(replica, "message");
      const { relay, stalled } = await stallingRelay(port as number, bytes);
      const primary = child("primary", `${(relay.address() as { port: number }).port}`, list);
      primary.on("message", (seq: number) => {
        acknowledged = seq;
      });
      await stalled;
      await kill(killed === "primary" ? primary : replica);
      await kill(killed === "primary" ? replica : primary);
      relay.close();
      expect(newSpool(folder).position.seq).toBeGreaterThanOrEqual(acknowledged);
      expect(newSpool(folder).position.seq).toBeLessThan(6);
    }
    expect(acknowledged).toBeGreaterThan(0);
    const spool = newSpool(folder);
    await replicate(spool);
    expect(spool.position.seq).toBe(6);
    expect(await difference(spool)).toBe("");
  });
});
