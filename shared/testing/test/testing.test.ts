import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { freePorts } from "../src/free-ports.ts";
import { Program } from "../src/program.ts";
import { randomIntegers, randomNumbers } from "../src/random-numbers.ts";
import { temporaryFolder } from "../src/temporary-folder.ts";

test("random numbers are those of the seed, between 0 and 1", () => {
  const [random, same, other] = [randomNumbers(1), randomNumbers(1), randomNumbers(2)];
  const drawn = Array.from({ length: 1000 }, random);
  expect(drawn).toEqual(Array.from({ length: 1000 }, same));
  expect(drawn).not.toEqual(Array.from({ length: 1000 }, other));
  expect(drawn.every((number) => number >= 0 && number < 1)).toBe(true);
  // Of the published algorithm; seeds that people noted stay good.
  expect(drawn[0]).toBe(2693262067 / 2 ** 32);
  expect(randomIntegers(1)(2 ** 32)).toBe(2693262067);
});

test("free ports are different ones", async () => {
  const { one, two, three } = await freePorts("one", "two", "three");
  expect(new Set([one, two, three]).size).toBe(3);
});

describe("a temporary folder", () => {
  let folder = "";

  test("is the test's own", () => {
    folder = temporaryFolder();
    writeFileSync(join(folder, "file"), "x");
    expect(existsSync(folder)).toBe(true);
  });

  test("is gone after it", () => expect(existsSync(folder)).toBe(false));
});

describe("a program", () => {
  const start = (source: string, env: NodeJS.ProcessEnv = {}) => {
    const file = join(temporaryFolder(), "program.ts");
    writeFileSync(file, source);
    return new Program(file, { args: ["an argument"], env });
  };
  const waits = "setInterval(() => {}, 1000);";
  let last: Program;

  test("tells what it logs, also what it has logged already", async () => {
    last = start(`console.log(JSON.stringify({ msg: "ready", port: 7 })); ${waits}`);
    expect((await last.logged<{ port: number }>("ready")).port).toBe(7);
    expect(await last.logged("ready")).toEqual({ msg: "ready", port: 7 });
  });

  test("is killed when its test has finished", () => expect(last.child.signalCode).toBe("SIGKILL"));

  test("has its arguments, and of the variables PATH and those given", async () => {
    const program = start("console.log(process.argv[2], ...Object.keys(process.env));", { GIVEN: "1" });
    expect(await program.exited).toBe(0);
    expect(program.lines).toEqual(["an argument PATH GIVEN"]);
  });

  test("that ends before it says what is waited for is told with all that it said", async () => {
    const program = start('console.log("{}"); console.error("broken"); process.exitCode = 3;');
    await expect(program.logged("ready")).rejects.toThrow(/ended with 3 before saying "ready": broken\n\{\}/);
  });

  test("is asked to end, or killed", async () => {
    const asked = start(`process.on("SIGTERM", () => process.exit(4)); console.log("up"); ${waits}`);
    await asked.said("up", (line) => line === "up" || undefined);
    expect(await asked.terminate()).toBe(4);
    const killed = start(waits);
    await killed.kill();
    expect(await killed.exited).toBe(null);
  });
});
