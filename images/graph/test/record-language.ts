// Asks a Neo4j that is empty the queries of fixtures/language.json and those of standard input, one a line, and writes down
// what it answers: `node images/graph/test/record-language.ts bolt://HOST:PORT < QUERIES`. Its folder for LOAD CSV must have the
// CSV files of fixtures/. Nobody logs in.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import neo4j from "neo4j-driver";
import { type Answer, answersOf } from "./answers.ts";

const file = join(import.meta.dirname, "fixtures/language.json");
const cases = JSON.parse(readFileSync(file, "utf8")) as Answer[];
const added = readFileSync(0, "utf8").split("\n").filter(Boolean);
const queries = new Set([...cases.map(({ query }) => query), ...added]);
const driver = neo4j.driver(process.argv[2]!, undefined, { useBigInt: true });
try {
  const { records } = await driver.executeQuery("MATCH (n) RETURN count(n) AS n");
  if (records[0]!.get("n") !== 0n) throw new Error("there are nodes in that Neo4j: start an empty one");
  const answers = await answersOf(driver, [...queries]);
  writeFileSync(file, `[\n${answers.map((each) => `  ${JSON.stringify(each)}`).join(",\n")}\n]\n`);
} finally {
  await driver.close();
}
