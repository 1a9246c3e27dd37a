import { readFileSync } from "node:fs";
import { join } from "node:path";
import neo4j, { type Driver } from "neo4j-driver";
import type { ComposeProject } from "./compose-project.ts";

/** People who each know the next, the last one the first, in the graph engine of a project. */
export class Circle {
  readonly #driver: Driver;

  constructor(project: ComposeProject, port: number) {
    const password = readFileSync(join(project.folder, "secrets/graph_password"), "utf8").trim();
    this.#driver = neo4j.driver(`bolt://127.0.0.1:${port}`, neo4j.auth.basic("weftkit", password), {
      disableLosslessIntegers: true,
    });
  }

  async write(count: number): Promise<void> {
    await this.#driver.executeQuery("CREATE CONSTRAINT person FOR (p:Person) REQUIRE p.number IS UNIQUE");
    await this.#driver.executeQuery(
      "UNWIND range(0, $count - 1) AS n CREATE (:Person {number: n, name: 'person ' + n, since: date('2020-01-01') + duration({days: n})})",
      { count: neo4j.int(count) },
    );
    await this.#driver.executeQuery(
      "MATCH (a:Person), (b:Person {number: (a.number + 1) % $count}) CREATE (a)-[:KNOWS {weight: a.number * 0.5}]->(b)",
      { count: neo4j.int(count) },
    );
  }

  /** What is not as it was written. */
  async differences(count: number): Promise<string[]> {
    const found: string[] = [];
    const { records } = await this.#driver.executeQuery(
      "MATCH (a:Person)-[k:KNOWS]->(b:Person) RETURN a.number AS a, a.name AS name, k.weight AS weight, b.number AS b ORDER BY a",
    );
    if (records.length !== count) found.push(`${records.length} acquaintances`);
    for (const [number, record] of records.entries()) {
      const { a, name, weight, b } = record.toObject();
      const isRight =
        a === number && name === `person ${number}` && weight === number * 0.5 && b === (number + 1) % count;
      if (!isRight) found.push(`person ${number}`);
    }
    const duplicate = await this.#driver
      .executeQuery("CREATE (:Person {number: 0})")
      .then(() => "none")
      .catch((error) => error.code);
    if (!String(duplicate).includes("ConstraintValidationFailed"))
      found.push(`the constraint (${duplicate})`);
    return found;
  }

  close(): Promise<void> {
    return this.#driver.close();
  }
}
