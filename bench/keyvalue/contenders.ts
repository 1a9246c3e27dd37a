import { join } from "node:path";
import { type Contender, startContender, startEngine } from "../contender.ts";
import { Connection } from "./connection.ts";
import { requestBytes } from "./requests.ts";

/** A write is on the disk before it is answered. */
export function startWeftkit(): Promise<Contender> {
  return startEngine("keyvalue", listTables);
}

/** dynoxide on a file; `program` is its binary. */
export function startDynoxide(program: string): Promise<Contender> {
  return startContender("dynoxide", program, listTables, (port, folder) => ({
    args: ["serve", "--port", String(port), "--db-path", join(folder, "items.db")],
  }));
}

/** dynalite in memory, its fastest; `program` is its cli.js. */
export function startDynalite(program: string): Promise<Contender> {
  return startContender("dynalite", process.execPath, listTables, (port) => ({
    args: [program, "--port", String(port), "--createTableMs", "0", "--deleteTableMs", "0"],
  }));
}

async function listTables(port: number): Promise<void> {
  const connection = new Connection(port);
  try {
    await connection.ask(requestBytes(port, "ListTables", {}));
  } finally {
    connection.close();
  }
}
