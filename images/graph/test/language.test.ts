import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Answer, answersOf } from "./answers.ts";
import { RunningEngine } from "./running-engine.ts";

const fixtures = join(import.meta.dirname, "fixtures");

/** Queries beyond the TCK, with what Neo4j 5.26 has answered to them: see record-language.ts. */
const cases = JSON.parse(readFileSync(join(fixtures, "language.json"), "utf8")) as Answer[];

test(`${cases.length} queries are answered as by Neo4j`, async () => {
  const engine = await RunningEngine.start({ graph: { import_dir: fixtures } });
  const driver = engine.driver({ disableLosslessIntegers: false, useBigInt: true });
  const came = await answersOf(
    driver,
    cases.map(({ query }) => query),
  );
  const different = came.flatMap((answer, i) =>
    JSON.stringify(answer) === JSON.stringify(cases[i]) ? [] : [{ expected: cases[i], came: answer }],
  );
  expect(different).toEqual([]);
});
