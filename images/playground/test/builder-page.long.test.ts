import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { describe, expect, test } from "vitest";
import { hasChromium, OpenPage, useBrowser } from "./open-page.ts";
import { startPlayground } from "./start-playground.ts";

describe.skipIf(!hasChromium)("the Compose Builder in Chromium", () => {
  const browser = useBrowser();

  test("the files change with what is chosen, mistakes are told, and what is downloaded is a project", async () => {
    const { service } = await startPlayground([]);
    const open = await OpenPage.loggedIn(browser.current, service.port);
    const { page } = open;
    await open.chord("k");
    await page.waitForSelector("dialog[open] input");
    await page.keyboard.type("compose");
    await page.keyboard.press("Enter");
    await open.seen("WEFTKIT_PLAYGROUND_ENGINES");
    await open.seen("npx weftkit compose --engines relational,inmemory --with playground --project shop");
    await open.expectReadable("builder");

    await page.click("::-p-aria(graph Neo4j)");
    await open.seen("bolt://");
    await open.fill("Project", "Not Good");
    await open.seen("invalid_request");
    await open.fill("Project", "tavern");
    await open.seen("name: tavern");
    await open.gone("invalid_request");

    const folder = temporaryFolder();
    const session = await page.createCDPSession();
    await session.send("Browser.setDownloadBehavior", {
      behavior: "allow",
      downloadPath: folder,
      eventsEnabled: true,
      browserContextId: page.browserContext().id!,
    });
    const downloaded = new Promise<void>((resolve) => {
      session.on("Browser.downloadProgress", ({ state }) => {
        if (state === "completed") resolve();
      });
    });
    await open.press("Download");
    await downloaded;
    await promisify(execFile)("tar", ["xf", join(folder, "tavern.tar"), "-C", folder]);
    expect(readdirSync(join(folder, "tavern/secrets"))).toContain("weftkit_password");
    expect(readFileSync(join(folder, "tavern/docker-compose.yml"), "utf8")).toContain("name: tavern");

    await open.mode("kubernetes");
    await open.seen("npx weftkit k8s");
    await page.waitForFunction(
      `[...document.querySelectorAll("option")].some((one) => one.value === "base/kustomization.yaml")`,
    );
    await open.expectHarmless();
  });
});
