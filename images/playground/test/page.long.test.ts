import { describe, expect, onTestFinished, test } from "vitest";
import { hasChromium, hostile, OpenPage, useBrowser } from "./open-page.ts";
import { ApiClient, startEngine, startPlayground } from "./start-playground.ts";

describe.skipIf(!hasChromium)("the page in Chromium", () => {
  const browser = useBrowser();

  test("SQL: write, read, error, big result, cancel, lost connection; values are never markup", async () => {
    const relational = await startEngine("relational");
    const { service } = await startPlayground([relational.text]);
    const opened = await OpenPage.loggedIn(browser.current, service.port);
    const { page, faults } = opened;
    await opened.engine("relational");
    await page.waitForSelector(".editor");
    await opened.run("SQL statement", "CREATE TABLE words (id int8, word text);");
    await opened.seen("CREATE");
    await opened.run(
      "SQL statement",
      `INSERT INTO words VALUES (9007199254740993, $$${hostile}$$), (2, NULL);`,
    );
    await opened.seen("INSERT 2");
    await opened.run("SQL statement", "SELECT * FROM words ORDER BY id DESC;");
    await opened.seen("9007199254740993");
    await opened.seen("<script>globalThis.hacked=2</script>");
    await page.click("#cell-0-1");
    await opened.picture("sql");
    expect(await opened.violations()).toEqual([]);

    await opened.run("SQL statement", "SELECT nothing FROM words;");
    await opened.seen("42703");
    await opened.seen("at character 8");
    expect(await opened.violations()).toEqual([]);

    await opened.run("SQL statement", "SELECT n, repeat('x', 50) FROM generate_series(1, 1000000) n;");
    await opened.seen("500 rows so far");
    await page.evaluate(`document.querySelector(".grid").scrollTop = 1e6`);
    await opened.seen("1,000 rows so far");
    expect(await page.$$eval(".grid tbody tr", (rows) => rows.length)).toBeLessThan(100);

    await opened.run("SQL statement", "SELECT pg_sleep(600);");
    await opened.seen("running");
    await page.waitForFunction(
      `[...document.querySelectorAll("button")].find((one) => one.textContent === "Cancel").click(),
      document.body.innerText.includes("57014")`,
      { polling: 200 },
    );

    await relational.program.kill();
    await opened.run("SQL statement", "SELECT 1;");
    await opened.seen("engine_unreachable");
    expect(await page.evaluate("globalThis.hacked")).toBeUndefined();
    expect(faults).toEqual([]);
  });

  test("Redis: write, read, error, values of all kinds; keys and values are never markup", async () => {
    const inmemory = await startEngine("inmemory");
    const { service } = await startPlayground([inmemory.text]);
    const client = await ApiClient.loggedIn(service.port);
    const quoted = `"${hostile.replace(/["\\]/g, "\\$&")}"`;
    await client.operate(inmemory.text, "command", { line: `HSET ${quoted} ${quoted} ${quoted}` });
    const opened = await OpenPage.loggedIn(browser.current, service.port);
    const { page, faults } = opened;
    await opened.engine("inmemory");
    const line = async (text: string) => {
      await page.type(".command-line input", text);
      await page.keyboard.press("Enter");
    };
    await page.waitForSelector(".command-line");
    await line("SET greeting hello");
    await opened.seen("greeting");
    await line("INCR greeting");
    await opened.seen("not an integer");
    await line("GET greeting");
    await opened.seen("hello");
    await (await page.waitForSelector(`.keys ::-p-text(${"onerror"})`))!.click();
    await page.waitForSelector(".value table");
    await opened.picture("redis");
    expect(await opened.violations()).toEqual([]);
    expect(await page.evaluate("globalThis.hacked")).toBeUndefined();
    await inmemory.program.kill();
    await line("GET greeting");
    await opened.seen("the connection to the engine is lost");
    expect(faults).toEqual([]);
  });

  test("who may only read is refused by the engine", async () => {
    const inmemory = await startEngine("inmemory");
    const { service } = await startPlayground([inmemory.text]);
    const opened = await OpenPage.loggedIn(browser.current, service.port, "rob");
    const { page } = opened;
    await opened.engine("inmemory");
    await page.waitForSelector(".command-line");
    await page.type(".command-line input", "SET a 1");
    await page.keyboard.press("Enter");
    await opened.seen("NOPERM");
  });

  test("the fleet, the login and the palette: by keys, on a small screen, in the dark; axe finds nothing", async () => {
    const inmemory = await startEngine("inmemory");
    const { service } = await startPlayground([inmemory.text, "relational=127.0.0.1:1"]);
    const opened = await OpenPage.loggedIn(browser.current, service.port, "ann", 360);
    const { page, faults } = opened;
    await opened.seen("unreachable");
    await opened.seen("not known");
    await opened.seen("ready");
    // The second reading gives rates.
    await opened.seen("of a core");
    await opened.seen("MiB");
    for (const scheme of ["light", "dark"]) {
      await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
      expect(await opened.violations()).toEqual([]);
      await opened.picture(`fleet-360-${scheme}`);
    }
    const overflow = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
    expect(overflow).toBeLessThanOrEqual(0);
    await page.setViewport({ width: 1280, height: 800 });
    await opened.picture("fleet-dark");
    await page.keyboard.down("Control");
    await page.keyboard.press("k");
    await page.keyboard.up("Control");
    await page.waitForSelector("dialog[open]");
    await page.keyboard.type("inmem");
    expect(await opened.violations()).toEqual([]);
    await opened.picture("palette");
    await page.keyboard.press("Enter");
    await page.waitForSelector(".command-line");
    await opened.picture("redis-dark");
    await (await page.waitForSelector("header ::-p-text(Log out)"))!.click();
    await page.waitForSelector(".login");
    expect(await opened.violations()).toEqual([]);
    await opened.picture("login");
    expect(faults).toEqual([]);
  });

  test("before a console is opened, less than 300 KB are loaded", async () => {
    const { service } = await startPlayground([]);
    const context = await browser.current.createBrowserContext();
    onTestFinished(() => context.close());
    const page = await context.newPage();
    let bytes = 0;
    const session = await page.createCDPSession();
    await session.send("Network.enable");
    session.on("Network.loadingFinished", ({ encodedDataLength }) => {
      bytes += encodedDataLength;
    });
    await page.goto(`http://127.0.0.1:${service.port}/`, { waitUntil: "networkidle0" });
    await page.waitForSelector(".login");
    expect(bytes).toBeGreaterThan(1000);
    expect(bytes).toBeLessThan(300 * 1024);
  });
});
