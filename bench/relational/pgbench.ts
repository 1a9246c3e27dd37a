import { spawn } from "node:child_process";
import { postgresProgram } from "../postgres.ts";
import { type Contender, login } from "./contenders.ts";

/** A load of pgbench's own, by the option that chooses it. */
export interface BuiltIn {
  readonly name: string;
  readonly option: readonly string[];
}

export const builtIns: readonly BuiltIn[] = [
  { name: "select-only", option: ["-S"] },
  { name: "simple-update", option: ["-N"] },
  { name: "tpcb-like", option: ["-b", "tpcb-like"] },
];

/** Makes pgbench's tables: 100,000 accounts for each unit of scale. */
export async function initialise(contender: Contender, scale: number): Promise<void> {
  await pgbench(contender, ["-i", "-q", "-s", String(scale)]);
}

/** Transactions a second, without the time that connecting takes. */
export async function transactionsPerSecond(
  contender: Contender,
  { option }: BuiltIn,
  { mode, clients, seconds }: { readonly mode: string; readonly clients: number; readonly seconds: number },
): Promise<number> {
  const threads = Math.min(clients, 2);
  const numbers = ["-c", String(clients), "-j", String(threads), "-T", String(seconds)];
  const said = await pgbench(contender, ["-n", ...option, "-M", mode, ...numbers]);
  const rate = /tps = ([\d.]+)/.exec(said)?.[1];
  if (rate === undefined || /aborted/.test(said)) throw new Error(`pgbench on ${contender.name}: ${said}`);
  return Number(rate);
}

/** @throws Error with what pgbench said */
async function pgbench({ name, port }: Contender, args: readonly string[]): Promise<string> {
  const where = ["-h", "127.0.0.1", "-p", String(port), "-U", login.user];
  const child = spawn(postgresProgram("pgbench"), [...where, ...args, login.database], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
  }
  const code = await new Promise<number | null>((done) => {
    child.once("close", done);
  });
  if (code !== 0) throw new Error(`pgbench ${args.join(" ")} on ${name} has ended with ${code}: ${said}`);
  return said;
}
