import { createServer } from "node:http";
import { describe, test } from "vitest";
import { hasChromium, hostile, OpenPage, useBrowser } from "./open-page.ts";
import { ApiClient, startEngine, startPlayground } from "./start-playground.ts";

/** About normal, and the same every time. */
function noise(seed: number): number {
  let sum = -2;
  for (let i = 1; i <= 4; i++) sum += Math.abs(Math.sin(seed * 12.9898 + i * 78.233) * 43758.5453) % 1;
  return sum;
}

describe.skipIf(!hasChromium)("the console of vector in Chromium", () => {
  const browser = useBrowser();

  test("write, map, neighbours, filter, error, big result, lost connection; values are never markup", async () => {
    const vector = await startEngine("vector");
    const { service } = await startPlayground([vector.text]);
    const client = await ApiClient.loggedIn(service.port);
    const ask = (method: string, request: unknown) =>
      client.operate(vector.text, "ask", { method, request: JSON.stringify(request) });
    const open = await OpenPage.loggedIn(browser.current, service.port);
    const { page } = open;
    await open.engine("vector");
    await open.run("Request", JSON.stringify({ name: "words", dimensions: 8, distance: "euclidean" }));
    await open.seen("answered in");
    // Three groups, each around a corner.
    const kinds = ["tool", "fruit", hostile];
    const vectors = Array.from({ length: 2500 }, (_, i) => ({
      id: i === 0 ? hostile : `v${String(i).padStart(4, "0")}`,
      values: Array.from({ length: 8 }, (_, d) => (d === i % 3 ? 5 : 0) + noise(i * 8 + d)),
      metadata: { kind: kinds[i % 3] },
      payload: { text: hostile, price: i },
    }));
    await ask("UpsertVectors", { collection: "words", vectors });
    await (await page.waitForSelector(".keys li button ::-p-text(words)"))!.click();
    await open.seen("the first 2,000 vectors");
    await page.waitForSelector(".map");
    await page.$eval(".map", (map) => (map as unknown as { focus(): void }).focus());
    await page.keyboard.press("ArrowRight");
    await page.waitForSelector(".map .chosen");
    await page.waitForSelector('ol[aria-label="Nearest vectors"] li:nth-child(10)');
    await page.waitForSelector(".value .tree");
    await open.expectReadable("vector");

    await open.fill("Filter", "kind = fruit");
    await open.press("Draw");
    await open.seen("833 vectors on");
    await open.fill("Filter", "kind fruit");
    await open.press("Draw");
    await open.seen("is no condition");

    await open.mode("request");
    await open.run("Request", JSON.stringify({ name: "words", dimensions: 8 }));
    await open.seen("already");
    await vector.program.kill();
    await open.focus("Request");
    await open.chord("Enter");
    await open.seen("the connection to the engine is lost");
    await open.expectHarmless();
  });

  test("who may only read is refused by the engine", async () => {
    const vector = await startEngine("vector");
    const { service } = await startPlayground([vector.text]);
    const open = await OpenPage.loggedIn(browser.current, service.port, "rob");
    await open.engine("vector");
    await open.focus("Request");
    await open.chord("Enter");
    await open.seen("not");
    await open.page.waitForSelector(".note.error");
  });

  test("a request that is not answered is given up, and the engine is told", async () => {
    const asked = Promise.withResolvers<void>();
    const gone = Promise.withResolvers<void>();
    const silent = createServer((request, response) => {
      if (request.url === "/v1/ListCollections") {
        response.setHeader("content-type", "application/json");
        response.end('{"collections": []}');
        return;
      }
      request.once("close", () => gone.resolve());
      asked.resolve();
    }).listen(0, "127.0.0.1");
    await new Promise((resolve) => silent.once("listening", resolve));
    const { port } = silent.address() as { port: number };
    const { service } = await startPlayground([`vector=127.0.0.1:${port}?admin=off`]);
    const open = await OpenPage.loggedIn(browser.current, service.port);
    await open.engine("vector");
    await open.focus("Request");
    await open.chord("Enter");
    await asked.promise;
    await open.press("Cancel");
    await open.seen("it was given up");
    await gone.promise;
    silent.closeAllConnections();
    silent.close();
  });
});
