import {
  appendFileSync,
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { basename, join } from "node:path";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { expect, test } from "vitest";
import { weftkit } from "./command.ts";
import { pushAndDrop } from "./dropped-state.ts";
import { pushDatabase, type RunningFunction, startEngine, startFunction } from "./persisting.ts";

const serverless = {
  WEFTKIT_PERSIST_MODE: "serverless",
  WEFTKIT_PERSIST_NAMESPACE: "shop",
  WEFTKIT_PERSIST_REPLICA: "0",
};
const here = ["--subtree", "shop/inmemory/0"];

/** Three states of an inmemory engine: 1, 2 and 3 keys. */
async function threeStates(fn: RunningFunction, env: NodeJS.ProcessEnv = {}) {
  const engine = await startEngine({ ...fn.environment, ...serverless, ...env });
  const pushes: number[] = [];
  for (const key of ["a", "b", "c"]) {
    await engine.ask(`SET ${key} ${key.repeat(2000)}`, `PEXPIREAT ${key} 4102444800000`);
    pushes.push(await engine.push());
  }
  return { engine, pushes };
}

function persist(fn: RunningFunction, ...args: string[]) {
  return weftkit(temporaryFolder(), ["persist", ...args], fn.environment);
}

/** A part that only the state of the last push has: that of its newest piece. */
async function newestPart(fn: RunningFunction): Promise<string> {
  const { stdout } = await persist(fn, "ls", ...here, "--pieces", "--json");
  const part = JSON.parse(stdout).pieces.at(-1).parts[0].sha256;
  return globSync(`**/${part}`, { cwd: fn.storeFolder }).map((path) => join(fn.storeFolder, path))[0]!;
}

test("status tells push, size, restore points and owner, and asks the engine for its lag", async () => {
  const fn = await startFunction();
  const { engine, pushes } = await threeStates(fn);
  const { code, stdout, stderr } = await persist(fn, "status", ...here, "--admin", engine.admin);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toMatch(new RegExp(`^push +${pushes.at(-1)}, of .* UTC, \\d+ seconds? ago$`, "m"));
  expect(stdout).toMatch(/^log +\S+ (KB|bytes) stored in 3 pieces$/m);
  expect(stdout).toMatch(/^restorable +3 states, back to /m);
  expect(stdout).toMatch(/^owner +\S+, epoch 1; its lease holds for \d+ seconds$/m);
  expect(stdout).toMatch(/^encryption +none$/m);
  expect(stdout).toMatch(/^lag +nothing/m);
  expect(stdout).not.toContain("\u001b");

  const json = JSON.parse((await persist(fn, "status", ...here, "--admin", engine.admin, "--json")).stdout);
  expect(json).toMatchObject({
    subtree: "shop/inmemory/0",
    head: { epoch: 1, seq: pushes.at(-1) },
    newest: { restorePoints: 3, streams: [{ name: "log", kind: "log", pieces: 3 }] },
    engine: { lagBytes: 0, leaseHeld: true },
  });
});

test("ls lists restore points, newest first, and the pieces of one", async () => {
  const fn = await startFunction();
  const { pushes } = await threeStates(fn);
  const list = JSON.parse((await persist(fn, "ls", ...here, "--json")).stdout);
  expect(list.map(({ seq }: { seq: number }) => seq)).toEqual(pushes.toReversed());
  const text = await persist(fn, "ls", "--namespace", "shop", "--engine", "inmemory");
  expect(text.stdout.trimEnd().split("\n")).toHaveLength(4);
  const pieces = await persist(fn, "ls", ...here, "--pieces", "--at", String(pushes[1]));
  expect(pieces.stdout).toMatch(new RegExp(`^push ${pushes[1]}, of`));
  expect(pieces.stdout).toMatch(/^log +base/m);
  expect(pieces.stdout).toMatch(/^log +delta/m);
});

test("verify reads everything back, and what states share only once", async () => {
  const fn = await startFunction();
  await threeStates(fn);
  const newest = await persist(fn, "verify", ...here);
  expect(newest.code).toBe(0);
  expect(newest.stdout).toContain("The state is whole");
  const all = await persist(fn, "verify", ...here, "--all");
  expect(all.code).toBe(0);
  expect(all.stdout).toContain("All 3 states are whole");
  const bytesRead = /; (.*) were read back/;
  expect(bytesRead.exec(all.stdout)?.[1]).toBe(bytesRead.exec(newest.stdout)?.[1]);
});

test.each<[string, (part: string) => void]>([
  ["a flipped bit", (part) => flipBit(part, 40)],
  ["a part that ends early", (part) => truncateSync(part, statSync(part).size - 1)],
  ["a part that goes on", (part) => appendFileSync(part, "x")],
])("verify names %s, the newest whole state, and exits with 1", async (_, damage) => {
  const fn = await startFunction();
  const { pushes } = await threeStates(fn);
  const part = await newestPart(fn);
  damage(part);
  const { code, stdout } = await persist(fn, "verify", ...here, "--all");
  expect(code).toBe(1);
  expect(stdout).toMatch(new RegExp(`DAMAGED {2}push ${pushes[2]}`));
  expect(stdout).toMatch(
    new RegExp(`log: delta of push ${pushes[2]} \\([0-9a-f]{12}\\): .*part [0-9a-f]{64}`),
  );
  expect(stdout).toContain(`The newest whole one is push ${pushes[1]}`);
  const json = JSON.parse((await persist(fn, "verify", ...here, "--all", "--json")).stdout);
  expect(json.whole).toBe(false);
  expect(json.states.map(({ problems }: { problems: string[] }) => problems.length)).toEqual([1, 0, 0]);

  const folder = temporaryFolder();
  const restored = await weftkit(folder, ["persist", "restore", ...here, "--to", "state/"], fn.environment);
  expect(restored.code).not.toBe(0);
  expect(restored.stderr).toContain("Hint:");
  expect(readdirSync(join(folder, "state"))).toEqual([]);
});

test("verify notices a state that is gone, and a damaged manifest", async () => {
  const fn = await startFunction();
  const { pushes } = await threeStates(fn);
  const list = JSON.parse((await persist(fn, "ls", ...here, "--json")).stdout) as { manifest: string }[];
  const path = globSync(`**/${list[1]!.manifest}`, { cwd: fn.storeFolder })[0]!;
  flipBit(join(fn.storeFolder, path), 10);
  const { code, stdout } = await persist(fn, "verify", ...here, "--all");
  expect(code).toBe(1);
  expect(stdout).toMatch(new RegExp(`DAMAGED {2}push ${pushes[1]}.*\n +manifest: `));
  expect(stdout).toContain("1 of 3 states is damaged");
});

test("restore writes a folder that an engine starts on, at any of the points", async () => {
  const fn = await startFunction();
  const { pushes } = await threeStates(fn);
  for (const [at, keys] of [
    [pushes[2]!, 3],
    [pushes[1]!, 2],
  ] as const) {
    const folder = temporaryFolder();
    const restore = ["persist", "restore", ...here, "--at", String(at), "--to", "state/"];
    const { code, stdout } = await weftkit(folder, restore, fn.environment);
    expect(code).toBe(0);
    expect(stdout).toContain(`Restored push ${at} of inmemory`);
    expect(readdirSync(join(folder, "state"))).toEqual(["appendonlydir"]);
    const engine = await startEngine({}, join(folder, "state"));
    expect(await engine.ask("DBSIZE", "PEXPIRETIME b")).toEqual([`:${keys}`, ":4102444800000"]);
    await engine.stop();
  }
});

test("restore to one file, which `weftkit aof` reads; what exists is replaced with --force only", async () => {
  const fn = await startFunction();
  await threeStates(fn);
  const folder = temporaryFolder();
  const restore = ["persist", "restore", ...here, "--to", "log.aof"];
  expect((await weftkit(folder, restore, fn.environment)).code).toBe(0);
  expect((await weftkit(folder, ["aof", "check", "log.aof"])).stdout).toContain("no damage");
  const before = readFileSync(join(folder, "log.aof"));

  writeFileSync(join(folder, "log.aof"), "mine");
  const refused = await weftkit(folder, restore, fn.environment);
  expect(refused.code).toBe(3);
  expect(refused.stderr).toMatch(/log.aof exists already\n.*--force/);
  expect(readFileSync(join(folder, "log.aof"), "utf8")).toBe("mine");
  expect((await weftkit(folder, [...restore, "--force"], fn.environment)).code).toBe(0);
  expect(readFileSync(join(folder, "log.aof"))).toEqual(before);
  expect(readdirSync(folder)).toEqual(["log.aof"]);
});

test("restore writes a database, to a file or into a folder, and takes away the log of the one it replaces", async () => {
  const fn = await startFunction();
  await pushDatabase(fn, { namespace: "shop", engine: "items" }, [1000, 10, 10]);
  const folder = temporaryFolder();
  const restore = (...args: string[]) =>
    weftkit(folder, ["persist", "restore", "--subtree", "shop/items/0", ...args], fn.environment);
  expect(await restore("--to", "items.db")).toMatchObject({ code: 0 });
  expect(countItems(join(folder, "items.db"))).toBe(1020);
  writeFileSync(join(folder, "items.db-wal"), "of another database");
  expect((await restore("--to", "items.db", "--at", "1")).code).toBe(3);
  expect(await restore("--to", "items.db", "--at", "1", "--force")).toMatchObject({ code: 0 });
  expect(countItems(join(folder, "items.db"))).toBe(1000);
  mkdirSync(join(folder, "into"));
  expect((await restore("--to", "into")).stdout).toContain("into/pages.db");
  expect(countItems(join(folder, "into/pages.db"))).toBe(1020);
  const verified = await persist(fn, "verify", "--subtree", "shop/items/0", "--all");
  expect(verified.stdout).toContain("All 3 states are whole");
});

test("an encrypted state is read with its key only, and says which one it needs", async () => {
  const fn = await startFunction();
  const folder = temporaryFolder();
  const key = join(folder, "key");
  writeFileSync(key, `${"0123456789abcdef".repeat(4)}\n`);
  writeFileSync(join(folder, "other-key"), `${"f".repeat(64)}\n`);
  await threeStates(fn, { WEFTKIT_PERSIST_ENCRYPTION_KEY_FILE: key });

  const status = await persist(fn, "status", ...here, "--encryption-key-file", key);
  expect(status.stdout).toMatch(/^encryption +AES-256-GCM, key [0-9a-f]{16}: the one given here$/m);
  expect((await persist(fn, "verify", ...here, "--all", "--encryption-key-file", key)).code).toBe(0);
  const both = ["--encryption-key-file", join(folder, "other-key"), "--encryption-key-file", key];
  expect((await persist(fn, "verify", ...here, "--all", ...both)).code).toBe(0);
  for (const flags of [[], ["--encryption-key-file", join(folder, "other-key")]]) {
    const { code, stderr } = await persist(fn, "verify", ...here, ...flags);
    expect(code).toBe(2);
    expect(stderr).toMatch(/is encrypted with the key [0-9a-f]{16}.*\n.*--encryption-key-file/);
  }
  const to = join(folder, "log.aof");
  expect((await persist(fn, "restore", ...here, "--to", to, "--encryption-key-file", key)).code).toBe(0);
  expect((await weftkit(folder, ["aof", "check", to])).stdout).toContain("no damage");
});

test("prune says that dropped states wait, and deletes nothing that is kept", async () => {
  const fn = await startFunction();
  const { pushes } = await threeStates(fn, { WEFTKIT_PERSIST_RETENTION: "1ms all" });
  const dryRun = await persist(fn, "prune", ...here, "--dry-run");
  expect(dryRun.code).toBe(0);
  expect(dryRun.stdout).toMatch(/There is nothing to delete\.\n\d states? must wait/);
  expect((await persist(fn, "prune", ...here)).code).toBe(0);
  const { code, stdout } = await persist(fn, "verify", ...here, "--at", String(pushes[2]));
  expect(code).toBe(0);
  expect(stdout).toContain("The state is whole");
});

test("prune deletes what was dropped over a day ago, and what only that names", async () => {
  const fn = await startFunction();
  const { dropped, kept } = await pushAndDrop(fn);
  const ofShop = ["--subtree", "shop/files/0"];
  const dryRun = await persist(fn, "prune", ...ofShop, "--dry-run");
  expect(dryRun.stdout).toMatch(
    /^would delete {2}[0-9a-f]{12}, dropped .*\nWould delete 1 state, 1 part that nothing else names, 7 bytes\.$/m,
  );
  expect(stored(fn)).toEqual(expect.arrayContaining(dropped));
  const { code, stdout } = await persist(fn, "prune", ...ofShop);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^Deleted 1 state, 1 part/m);
  const left = stored(fn);
  expect(left.filter((name) => dropped.includes(name))).toEqual([]);
  expect(left).toEqual(expect.arrayContaining(kept));
  expect((await persist(fn, "prune", ...ofShop)).stdout).toContain("There is nothing to delete.");
});

test("conformance passes for the Node function, a line for every check", async () => {
  const fn = await startFunction();
  const { code, stdout } = await persist(fn, "conformance", fn.url);
  expect(code).toBe(0);
  const lines = stdout.trimEnd().split("\n");
  expect(lines.at(-1)).toMatch(/keeps the contract: \d+ checks passed/);
  expect(lines.slice(0, -2).every((line) => line.startsWith("ok    "))).toBe(true);
});

test("conformance fails for what is no endpoint, and says what it does instead", async () => {
  const fn = await startFunction();
  const engine = await startEngine({});
  const { code, stdout } = await persist(fn, "conformance", engine.admin);
  expect(code).toBe(1);
  expect(stdout).toMatch(/^FAIL {2}lease: first claim\n.*\n {6}Instead: /m);
  expect(stdout).toMatch(/\d+ of \d+ checks failed/);
});

test("each failure says what to do next", async () => {
  const fn = await startFunction();
  const wrong = join(temporaryFolder(), "wrong");
  writeFileSync(wrong, "not the secret of the function");
  const cases: [string[], number, RegExp][] = [
    [["status"], 2, /whose state is not said\n.*--engine NAME/],
    [["status", "--subtree", "a/b"], 2, /"a\/b" is no subtree/],
    [["status", "--subtree", "a/b/c", "--engine", "d"], 2, /cannot be used with/],
    [["status", "--engine", "nobody"], 1, /nothing is kept at default\/nobody\/0.*\n.*--namespace/],
    [["status", "--engine", "x", "--secret-file", wrong], 1, /answered 401.*\n.*--secret-file/],
    [["status", "--engine", "x", "--secret-file", "missing"], 2, /cannot read missing: ENOENT/],
    [["status", "--engine", "x", "--key-id", "a b"], 2, /no key id/],
    [["status", "--engine", "x", "--url", "http://example.com"], 2, /must be https/],
    [["status", "--engine", "x", "--url", "http://127.0.0.1:1"], 69, /cannot be reached.*\n.*running/],
    [["conformance", "http://127.0.0.1:1"], 69, /does not answer/],
    [["ls", "--engine", "x", "--at", "yesterday"], 2, /a push's number, or a time/],
    [["restore", "--engine", "x"], 2, /--to/],
  ];
  for (const [args, expected, message] of cases) {
    const { code, stderr } = await persist(fn, ...args);
    expect.soft({ args, code }).toEqual({ args, code: expected });
    expect.soft(stderr).toMatch(message);
  }
  const nowhere = await weftkit(temporaryFolder(), ["persist", "status", "--engine", "x"]);
  expect(nowhere.code).toBe(2);
  expect(nowhere.stderr).toMatch(/no endpoint is named\n.*WEFTKIT_PERSIST_URL/);
});

test("weftkit.toml names the endpoint and the subtree, and the engine's other variables are in nobody's way", async () => {
  const fn = await startFunction();
  await threeStates(fn);
  const folder = temporaryFolder();
  writeFileSync(
    join(folder, "weftkit.toml"),
    `[persist]\nmode = "serverless"\nurl = "${fn.url}"\nsecret_file = "${fn.environment.WEFTKIT_PERSIST_SECRET_FILE}"\nnamespace = "shop"\n`,
  );
  const { code, stdout, stderr } = await weftkit(folder, ["persist", "status", "--engine", "inmemory"], {
    WEFTKIT_PORT: "6380",
    WEFTKIT_DATA_DIR: "/data",
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toContain("shop/inmemory/0");
});

/** The names of all objects. */
function stored({ storeFolder }: RunningFunction): string[] {
  return globSync("shop/**", { cwd: storeFolder }).map((path) => basename(path));
}

function flipBit(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[Math.min(at, bytes.length - 1)]! ^= 1;
  writeFileSync(path, bytes);
}

function countItems(path: string): number {
  expect(existsSync(path)).toBe(true);
  const Database = createRequire(import.meta.url)("better-sqlite3");
  const db = new Database(path, { readonly: true });
  try {
    return db.prepare("SELECT count(*) FROM item").pluck().get() as number;
  } finally {
    db.close();
  }
}

test("unpark lists what was moved aside, puts it back while no engine runs, and says what comes next", async () => {
  const fn = await startFunction();
  const dataDir = temporaryFolder();
  const env = { ...fn.environment, ...serverless };
  const unpark = (...args: string[]) =>
    weftkit(temporaryFolder(), ["persist", "unpark", "--data-dir", dataDir, ...args]);
  const first = await startEngine(env, dataDir);
  await first.ask("SET a old");
  const push = await first.push();
  await first.ask("SET a new");
  await first.stop();
  expect((await unpark()).stdout).toBe("Nothing was moved aside.\n");
  const second = await startEngine({ ...env, WEFTKIT_PERSIST_RESTORE_AT: String(push) }, dataDir);
  expect(await second.ask("GET a")).toEqual(["$3"]);
  const [name] = readdirSync(join(dataDir, "parked"));
  const refused = await unpark(name!);
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining("an engine is running") });
  await second.stop();
  expect((await unpark()).stdout).toContain(`${name}  `);
  expect((await unpark("never")).code).toBe(2);
  const done = await unpark(name!);
  expect(done).toMatchObject({ code: 0, stdout: expect.stringContaining("pushes it as the newest state") });
  const third = await startEngine(env, dataDir);
  await third.push();
  await third.stop();
  const elsewhere = await startEngine(env);
  expect(await elsewhere.ask("SETRANGE a 3 !")).toEqual([":4"]);
  await elsewhere.stop();
});
