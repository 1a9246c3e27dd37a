import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { describe, expect, test } from "vitest";
import { LogFiles } from "../src/persistence/log-files.ts";
import { RunningEngine } from "./running-engine.ts";

const manifestName = "appendonly.aof.manifest";

/** A data dir whose log has a base with the keys a and b, and an increment with c. */
async function rewrittenLog(): Promise<string> {
  const dataDir = temporaryFolder();
  const rewritten = Promise.withResolvers<void>();
  const logStream = {
    write: (line: string) => {
      if (line.includes("the append-only file is rewritten")) rewritten.resolve();
    },
  };
  const engine = await RunningEngine.start({ dataDir, logStream });
  const client = await engine.client();
  await client.call("MSET", "a", "1", "b", "2");
  await client.call("BGREWRITEAOF");
  await rewritten.promise;
  await client.call("SET", "c", "3");
  await engine.image.stop();
  return dataDir;
}

async function keysOf(dataDir: string): Promise<unknown> {
  const engine = await RunningEngine.start({ dataDir });
  const values = await (await engine.client()).call("MGET", "a", "b", "c");
  await engine.image.stop();
  return values;
}

function contents(folder: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), "latin1")]),
  );
}

describe("a manifest that does not explain the files beside it stops the start, and nothing is touched", () => {
  const manifestCuts: Record<string, (text: string) => string | undefined> = {
    "a missing one": () => undefined,
    "an empty one": () => "",
    "one of comments only": () => "# nothing\n",
    "one cut behind the base": (text) => `${text.split("\n")[0]}\n`,
    "one cut inside a line": (text) => text.slice(0, text.indexOf("\n") + 8),
    "one without the base": (text) => text.slice(text.indexOf("\n") + 1),
    "one with a file twice": (text) => text + text,
    "one with a file that is not there": (text) => `${text}file appendonly.aof.9.incr.aof seq 9 type i\n`,
  };

  test.for(Object.entries(manifestCuts))("%s", async ([, cut]) => {
    const dataDir = await rewrittenLog();
    const folder = join(dataDir, "appendonlydir");
    // As a crash of an earlier version left it, without lines of files that were replaced.
    const text = readFileSync(join(folder, manifestName), "utf8").replaceAll(/^.* type h\n/gm, "");
    const left = cut(text);
    if (left === undefined) rmSync(join(folder, manifestName));
    else writeFileSync(join(folder, manifestName), left);
    const before = contents(folder);

    await expect(RunningEngine.start({ dataDir })).rejects.toThrow(
      /appendonly\.aof\.manifest cannot be used/,
    );
    expect(contents(folder)).toEqual(before);
    // Nor does a restore take the folder for an empty one.
    await expect(new LogFiles(folder).isEmpty()).rejects.toThrow(/cannot be used/);

    writeFileSync(join(folder, manifestName), text);
    expect(await keysOf(dataDir)).toEqual(["1", "2", "3"]);
  });
});

describe("what a rewrite has left", () => {
  test("goes when it is unfinished, empty, or called replaced by the manifest", async () => {
    const dataDir = await rewrittenLog();
    const folder = join(dataDir, "appendonlydir");
    const kept = readdirSync(folder).sort();
    writeFileSync(join(folder, "appendonly.aof.7.base.aof.tmp"), "half of a base");
    writeFileSync(join(folder, "appendonly.aof.1.incr.aof"), "what the base has replaced");
    writeFileSync(join(folder, "appendonly.aof.3.incr.aof"), "");
    expect(readFileSync(join(folder, manifestName), "utf8")).toContain(
      "file appendonly.aof.1.incr.aof seq 1 type h",
    );
    expect(await keysOf(dataDir)).toEqual(["1", "2", "3"]);
    expect(readdirSync(folder).sort()).toEqual(kept);
  });

  test("is moved aside when it holds something that no manifest explains", async () => {
    const dataDir = await rewrittenLog();
    const folder = join(dataDir, "appendonlydir");
    writeFileSync(join(folder, "appendonly.aof.0.incr.aof"), "of an earlier version");
    expect(await new LogFiles(folder).isEmpty()).toBe(false);
    for (const content of ["a base", "another base"]) {
      writeFileSync(join(folder, "appendonly.aof.7.base.aof"), content);
      expect(await keysOf(dataDir)).toEqual(["1", "2", "3"]);
    }
    expect(contents(`${folder}.set-aside`)).toEqual({
      "appendonly.aof.0.incr.aof": "of an earlier version",
      "appendonly.aof.7.base.aof": "a base",
      "appendonly.aof.7.base.aof.2": "another base",
    });
  });

  test("does not keep a log that never held anything from starting", async () => {
    const dataDir = temporaryFolder();
    const folder = join(dataDir, "appendonlydir");
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "appendonly.aof.1.incr.aof"), "");
    expect(await keysOf(dataDir)).toEqual([null, null, null]);
  });
});

test("a volume cut off at any line of any manifest never serves less than it held", async () => {
  const dataDir = await rewrittenLog();
  const folder = join(dataDir, "appendonlydir");
  const text = readFileSync(join(folder, manifestName), "utf8");
  for (let length = 0; length <= text.length; length += 3) {
    const copy = temporaryFolder();
    cpSync(dataDir, copy, { recursive: true });
    writeFileSync(join(copy, "appendonlydir", manifestName), text.slice(0, length));
    const served = await keysOf(copy).catch(() => "refused");
    expect(["refused", ["1", "2", "3"]], `cut at byte ${length}`).toContainEqual(served);
  }
});
