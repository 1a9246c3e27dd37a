import { describe, expect, test } from "vitest";
import { hasChromium, hostile, OpenPage, useBrowser } from "./open-page.ts";
import { ApiClient, startEngine, startPlayground } from "./start-playground.ts";

describe.skipIf(!hasChromium)("the console of document in Chromium", () => {
  const browser = useBrowser();

  test("write, read, edit, stages, error, big result, cancel, lost connection; values are never markup", async () => {
    const document = await startEngine("document");
    const { service } = await startPlayground([document.text]);
    const client = await ApiClient.loggedIn(service.port);
    const put = (collection: string, documents: unknown) =>
      client.operate(document.text, "insert", {
        db: "shop",
        collection,
        documents: JSON.stringify(documents),
      });
    await put(
      "orders",
      Array.from({ length: 120 }, (_, i) => ({
        _id: i,
        city: ["Oslo", "Rome", "Lima"][i % 3],
        total: i * 1.5,
      })),
    );
    await put(hostile.slice(0, 60).replaceAll("$", ""), [{ a: 1 }]);
    const open = await OpenPage.loggedIn(browser.current, service.port);
    const { page } = open;
    await open.engine("document");
    await page.waitForSelector(".editor");

    await open.fill("Database", "shop");
    await open.fill("Collection", "people");
    await open.mode("insert");
    const born = 'ISODate("1990-05-01T00:00:00Z")';
    await open.run(
      "Insert",
      `{ name: ${JSON.stringify(hostile)}, born: ${born}, n: NumberLong("9007199254740993") }`,
    );
    await open.seen("1 inserted");
    await (await page.waitForSelector("::-p-aria(people)"))!.click();
    await open.seen("1 documents");
    await page.click(".rows summary");
    await open.seen('NumberLong("9007199254740993")');
    await open.seen('ISODate("1990-05-01T00:00:00.000Z")');

    await open.press("Edit", ".rows");
    await open.write("Document", `{ _id: 1 }`);
    await open.press("Save", ".rows");
    await open.seen("immutable");
    await open.press("Discard", ".rows");
    await open.press("Edit", ".rows");
    const text = await open.text("Document");
    expect(text).toContain("NumberLong");
    await open.write("Document", text.replace("9007199254740993", "9007199254740995"));
    await open.press("Save", ".rows");
    await open.seen("9007199254740995");
    await open.expectReadable("document");

    await (await page.waitForSelector("::-p-aria(orders)"))!.click();
    await open.seen("50 documents so far");
    await open.press("More documents");
    await open.seen("100 documents so far");
    await open.press("More documents");
    await open.seen("120 documents ·");

    await open.mode("aggregate");
    await open.write(
      "Aggregate",
      `[{ $match: { total: { $gt: 30 } } }, { $group: { _id: "$city", sum: { $sum: "$total" } } }, { $sort: { sum: -1 } }]`,
    );
    await open.press("Preview stages");
    await page.waitForSelector(".stages > li:nth-child(3) code");
    await open.picture("document-stages");
    expect(await open.violations()).toEqual([]);
    await open.chord("Enter");
    await open.seen("3 documents");

    await open.run("Aggregate", "[{ $nothing: 1 }]");
    await open.seen("$nothing");
    await page.waitForSelector(".note.error");
    await open.run("Aggregate", "[{ $match: ");
    await open.seen("at character 12");

    // It waits for a change of the topology, of which there is none.
    const hello = await client.operate(document.text, "command", { db: "admin", command: "{ hello: 1 }" });
    const { topologyVersion } = hello.body.documents[0].value;
    await open.mode("command");
    await open.run("Command", JSON.stringify({ hello: 1, topologyVersion, maxAwaitTimeMS: 600_000 }));
    await open.seen("running…");
    await open.press("Cancel");
    await open.seen("it was given up");

    await open.mode("find");
    await (await page.waitForSelector("::-p-aria(people)"))!.click();
    await open.seen("1 documents");
    await page.click(".rows summary");
    await open.press("Delete", ".rows");
    await open.seen("0 documents");

    await document.program.kill();
    await open.run("Find", "{}");
    await open.seen("the connection to the engine is lost");
    await open.expectHarmless();
  });

  test("who may only read is refused by the engine", async () => {
    const document = await startEngine("document");
    const { service } = await startPlayground([document.text]);
    const open = await OpenPage.loggedIn(browser.current, service.port, "rob");
    await open.engine("document");
    await open.page.waitForSelector(".editor");
    await open.fill("Collection", "people");
    await open.mode("insert");
    await open.run("Insert", "{ a: 1 }");
    await open.seen("Unauthorized");
  });
});
