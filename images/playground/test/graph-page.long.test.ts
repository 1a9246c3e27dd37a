import { describe, expect, test } from "vitest";
import { hasChromium, hostile, OpenPage, useBrowser } from "./open-page.ts";
import { startEngine, startPlayground } from "./start-playground.ts";

describe.skipIf(!hasChromium)("the console of graph in Chromium", () => {
  const browser = useBrowser();

  test("write, read, expand, plan, error, big result, cancel, lost connection; values are never markup", async () => {
    const graph = await startEngine("graph");
    const { service } = await startPlayground([graph.text]);
    const open = await OpenPage.loggedIn(browser.current, service.port);
    const { page } = open;
    await open.engine("graph");
    await page.waitForSelector(".editor");
    const run = (query: string) => open.run("Cypher query", query);
    await run(
      `CREATE (a:Person {name: "Ada", born: 1815, big: 9007199254740993}), (b:Person {name: "Charles"}), (c:Machine {name: ${JSON.stringify(hostile)}}),
      (d:Machine {name: "Difference Engine"}), (a)-[:KNOWS {since: 1833}]->(b), (b)-[:BUILT]->(c), (b)-[:BUILT]->(d), (a)-[:WROTE_FOR]->(c)`,
    );
    await open.seen("4 nodes created");
    await open.seen("WROTE_FOR");

    await run('MATCH (n:Person {name: "Ada"}) RETURN n');
    await open.seen("1 nodes and 0 relationships");
    await page.waitForSelector('.node[aria-label="Person Ada"]');
    await page.$eval('.node[aria-label="Person Ada"]', (node) =>
      (node as unknown as { focus(): void }).focus(),
    );
    await page.keyboard.press("Enter");
    await open.seen("3 nodes and 2 relationships");
    await open.seen("9007199254740993");
    await page.waitForSelector('.node[aria-label="Person Charles"]');
    await page.$eval('.node[aria-label="Person Charles"]', (node) =>
      (node as unknown as { focus(): void }).focus(),
    );
    await page.keyboard.press("Enter");
    await open.seen("4 nodes and 4 relationships");
    await open.expectReadable("graph");

    await page.click(".keys ::-p-text(Machine)");
    await open.seen("2 nodes and 0 relationships");
    await open.mode("table");
    await open.seen("<script>globalThis.hacked=2</script>");

    await run("EXPLAIN MATCH (n:Person) RETURN n.name ORDER BY n.name");
    await page.waitForSelector(".plan .name");
    await run("MATCH (n RETURN n");
    await open.seen("Neo.ClientError.Statement.SyntaxError");

    await run("UNWIND range(1, 1000000) AS n RETURN n");
    await open.seen("the first 1,000 rows");
    expect(await page.$$eval(".grid tbody tr", (rows) => rows.length)).toBeLessThan(100);

    await run("UNWIND range(1, 1000000) AS a UNWIND range(1, 1000000) AS b RETURN count(*)");
    await open.seen("running…");
    await open.press("Cancel");
    await open.seen("it was given up");
    await run("RETURN 6 * 7 AS answer");
    await open.seen("answer");

    await graph.program.kill();
    await run("RETURN 1");
    await open.seen("the connection to the engine is lost");
    await open.expectHarmless();
  });

  test("who may only read is refused by the engine", async () => {
    const graph = await startEngine("graph");
    const { service } = await startPlayground([graph.text]);
    const open = await OpenPage.loggedIn(browser.current, service.port, "rob");
    await open.engine("graph");
    await open.page.waitForSelector(".editor");
    await open.run("Cypher query", "CREATE (:A)");
    await open.seen("Neo.ClientError.Security.Forbidden");
  });
});
