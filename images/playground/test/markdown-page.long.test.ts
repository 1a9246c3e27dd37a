import { describe, test } from "vitest";
import { hasChromium, hostile, OpenPage, useBrowser } from "./open-page.ts";
import { ApiClient, startEngine, startPlayground } from "./start-playground.ts";

describe.skipIf(!hasChromium)("the console of markdown in Chromium", () => {
  const browser = useBrowser();

  test("write, render, links, versions, search, error, a long list, lost connection; texts are never markup", async () => {
    const markdown = await startEngine("markdown");
    const { service } = await startPlayground([markdown.text]);
    const client = await ApiClient.loggedIn(service.port);
    const ask = (method: string, path: string[], body: string, type = "application/json") =>
      client.operate(markdown.text, "ask", { method, path, body, type });
    const open = await OpenPage.loggedIn(browser.current, service.port);
    const { page } = open;
    await open.engine("markdown");
    await open.fill("Name of the collection", "wiki");
    await open.press("Create");
    await page.waitForSelector("::-p-aria(New document)");
    await open.fill("New document", "guides/setup");
    await open.press("Create");
    const text = `# Setup\n\nSee [[start|the start]], [evil](javascript:hacked=4) and ${hostile}\n\n| a | b |\n| --- | ---: |\n| 1 | 2 |\n`;
    await open.write("Markdown", text);
    await page.waitForSelector(".rendering td");
    await open.press("Save");
    await open.seen("version 1 ·");

    await open.fill("New document", "start");
    await open.press("Create");
    await open.write("Markdown", "# Start\n\nGo to [[setup]].\n");
    await open.press("Save");
    await open.seen("guides/setup");
    await open.seen("the start");
    await open.press("setup", ".rendering");
    await open.seen("version 1 ·");
    await open.write("Markdown", text.replace("Setup", "How to set it up"));
    await open.seen("changed");
    await open.chord("Enter");
    await open.seen("version 2 ·");
    await open.press("Compare");
    await open.seen("+# How to set it up");
    await open.expectReadable("markdown");
    await open.press("Restore");
    await open.seen("version 3 ·");

    // Somebody else writes meanwhile.
    await ask("PUT", ["collections", "wiki", "documents", "guides", "setup"], "# Other\n", "text/markdown");
    await open.write("Markdown", "# Mine\n");
    await open.chord("Enter");
    await open.seen("precondition-failed");

    for (let i = 0; i < 120; i++) {
      const id = `list/n${String(i).padStart(3, "0")}`;
      await ask(
        "PUT",
        ["collections", "wiki", "documents", ...id.split("/")],
        `# Number ${i} kernel\n`,
        "text/markdown",
      );
    }
    await open.press("Find");
    await open.seen("list/n097");
    await open.press("More documents");
    await open.seen("list/n119");
    await open.fill("Search", "mine OR start");
    await open.press("Find");
    await open.gone("list/n119");

    await markdown.program.kill();
    await open.press("Find");
    await open.seen("the connection to the engine is lost");
    await open.expectHarmless();
  });

  test("who may only read is refused by the engine", async () => {
    const markdown = await startEngine("markdown");
    const { service } = await startPlayground([markdown.text]);
    const ann = await ApiClient.loggedIn(service.port);
    await ann.operate(markdown.text, "ask", {
      method: "POST",
      path: ["collections"],
      body: '{"name": "wiki"}',
    });
    const open = await OpenPage.loggedIn(browser.current, service.port, "rob");
    await open.engine("markdown");
    await open.page.waitForSelector("::-p-aria(New document)");
    await open.fill("New document", "mine");
    await open.press("Create");
    await open.press("Save");
    await open.seen("forbidden");
  });
});
