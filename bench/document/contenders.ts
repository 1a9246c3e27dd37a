import { join } from "node:path";
import { type Contender, startContender, startEngine } from "../contender.ts";
import { Connection } from "./connection.ts";

/** A write is on the disk before it is answered. */
export function startWeftkit(): Promise<Contender> {
  return startEngine("document", ping);
}

/** FerretDB on SQLite; `program` is what `ferretdb/` is built to. It does not wait for the disk. */
export function startFerretdb(program: string): Promise<Contender> {
  return startContender("ferretdb", program, ping, (port, folder) => ({
    args: [`127.0.0.1:${port}`, folder],
  }));
}

/** A server that answers all commands with the same document: what Node's sockets and the client leave to be won. */
export function startFloor(): Promise<Contender> {
  return startContender("floor", process.execPath, ping, (port) => ({
    args: [join(import.meta.dirname, "floor.ts"), String(port)],
  }));
}

async function ping(port: number): Promise<void> {
  const connection = new Connection(port);
  try {
    await connection.run({ ping: 1 });
  } finally {
    connection.close();
  }
}
