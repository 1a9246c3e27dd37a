import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLogger } from "@weftkit/observe";
import { openStore } from "@weftkit/store";
import { patientMs } from "@weftkit/testing/patience";
import { Program } from "@weftkit/testing/program";
import { afterAll, expect, test } from "vitest";
import { PagesStream } from "../src/pages/index.ts";
import type { Chain } from "./pages-killed.ts";
import { storeOptions } from "./store-options.ts";

/** WEFTKIT_KILL_ROUNDS raises it. */
const rounds = Number(process.env.WEFTKIT_KILL_ROUNDS ?? 5);
const program = join(import.meta.dirname, "pages-killed.ts");
const log = createLogger({ image: "test", level: "silent" });
const folder = mkdtempSync(join(tmpdir(), "weftkit-killed-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs the program until it has printed so many lines and kills it. Returns the last write that it acknowledged. */
async function runUntilKilled(lines: number): Promise<{ lastWrite: number; remarks: string[] }> {
  const killed = new Program(program, { args: [folder] });
  const remarks: string[] = [];
  let lastWrite = 0;
  killed.onLine((line) => {
    const [kind, number, ...rest] = line.split(" ");
    if (kind === "w") lastWrite = Math.max(lastWrite, Number(number));
    if (kind === "p" && rest.join("") !== "") remarks.push(rest.join(" "));
    if (killed.lines.length === lines) void killed.kill();
  });
  await killed.exited;
  expect(killed.lines.length, killed.errors).toBeGreaterThanOrEqual(lines);
  return { lastWrite, remarks };
}

function readChain(): Chain {
  return JSON.parse(readFileSync(join(folder, "chain.json"), "utf8"));
}

/** Writes in a database, after SQLite has checked it: their number, which is also the highest of them. */
async function writesIn(file: string): Promise<number> {
  const store = await openStore(storeOptions(file));
  const found = await store.read((db) => ({
    check: db.pragma("integrity_check", { simple: true }),
    count: db.prepare("SELECT count(*) FROM item").pluck().get() as number,
    highest: db.prepare("SELECT coalesce(max(id), 0) FROM item").pluck().get() as number,
  }));
  await store.close();
  expect(found.check).toBe("ok");
  expect(found.count).toBe(found.highest);
  return found.count;
}

async function restored(): Promise<number> {
  const to = mkdtempSync(join(folder, "restored-"));
  const stream = new PagesStream({
    name: "pages",
    file: join(to, "store.db"),
    stateFolder: join(to, "state"),
    log,
  });
  await stream.restore(
    (async function* () {
      yield* readChain().pieces;
    })(),
  );
  await stream.close();
  const writes = await writesIn(join(to, "store.db"));
  rmSync(to, { recursive: true });
  return writes;
}

test(
  `${rounds} kills under load: every start goes on, and the pieces always lead to a whole state`,
  { timeout: patientMs(600_000) },
  async () => {
    mkdirSync(join(folder, "pieces"));
    const none: Chain = { seq: 0, cursor: undefined, pieces: [] };
    writeFileSync(join(folder, "chain.json"), JSON.stringify(none));
    let writes = 0;
    let pushed = 0;
    for (let round = 0; round < rounds; round++) {
      const { lastWrite, remarks } = await runUntilKilled(30 + Math.floor(Math.random() * 400));
      expect(remarks).toEqual([]);
      writes = Math.max(writes, lastWrite);
      // The volume is lost: what was pushed is there. It is never less than before.
      const found = readChain().pieces.length === 0 ? 0 : await restored();
      expect(found).toBeGreaterThanOrEqual(pushed);
      pushed = found;
    }
    // The volume is kept: one more push, and the pieces lead to every write that was acknowledged.
    const once = new Program(program, { args: [folder, "once"] });
    expect(await once.exited, once.errors).toBe(0);
    expect(existsSync(join(folder, "done"))).toBe(true);
    const found = await restored();
    expect(found).toBeGreaterThanOrEqual(writes);
    expect(found).toBe(await writesIn(join(folder, "store.db")));
    const kinds = new Set(readChain().pieces.map(({ kind }) => kind));
    expect(kinds.has("base")).toBe(true);
  },
);
