import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { type Browser, launch, type Page } from "puppeteer-core";
import { afterAll, beforeAll, expect, onTestFinished } from "vitest";

const chromium = "/usr/bin/chromium";
/** Whether pages can be tested on this machine. */
export const hasChromium = existsSync(chromium);
if (!hasChromium) console.warn(`no ${chromium}: the page is not tested (apt-get install chromium)`);

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
/** Where pictures of the pages are put, to be looked at: WEFTKIT_SCREENSHOTS. */
const pictures = process.env.WEFTKIT_SCREENSHOTS;

/** Ends what hangs, and must not end what is slow. */
const limitMs = 30_000 * Number(process.env.WEFTKIT_TEST_PATIENCE ?? 1);

/** What is never to be markup, wherever it is shown. */
export const hostile = `<img src=x onerror="globalThis.hacked=1"><script>globalThis.hacked=2</script>"'\`javascript:hacked=3`;

/** A browser for the tests of a file or a `describe`. */
export function useBrowser(): { readonly current: Browser } {
  let browser: Browser | undefined;
  beforeAll(async () => {
    if (hasChromium)
      browser = await launch({ executablePath: chromium, args: ["--no-sandbox", "--disable-gpu"] });
  });
  afterAll(() => browser?.close());
  return {
    get current() {
      return browser!;
    },
  };
}

/** A page of the playground, as somebody uses it. */
export class OpenPage {
  readonly page: Page;
  /** What it asked of others, and what went wrong in it. */
  readonly faults: string[] = [];

  private constructor(page: Page) {
    this.page = page;
  }

  /** A page that is logged in; closed when the test has finished. */
  static async loggedIn(browser: Browser, port: number, user = "ann", width = 1280): Promise<OpenPage> {
    const context = await browser.createBrowserContext();
    onTestFinished(() => context.close());
    const opened = new OpenPage(await context.newPage());
    const { page, faults } = opened;
    page.setDefaultTimeout(limitMs);
    onTestFinished(async ({ task }) => {
      if (task.result?.state === "fail") await opened.picture("failed");
    });
    await page.setViewport({ width, height: 800 });
    page.on("pageerror", (error) => faults.push(String(error)));
    page.on("console", (message) => {
      // The browser tells of every answer that is not 2xx; the page shows those itself.
      if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) {
        faults.push(message.text());
      }
    });
    page.on("request", (request) => {
      const { origin, protocol } = new URL(request.url());
      if (origin !== `http://127.0.0.1:${port}` && protocol !== "data:" && protocol !== "blob:")
        faults.push(`asked ${request.url()}`);
    });
    // What is asked before something is deleted.
    page.on("dialog", (dialog) => dialog.accept());
    await page.goto(`http://127.0.0.1:${port}/`);
    // The form is drawn once the page has asked whether it is logged in already.
    await page.waitForSelector("input[name=user]");
    await page.type("input[name=user]", user);
    await page.type("input[name=password]", `${user}'s password`);
    await page.keyboard.press("Enter");
    await page.waitForSelector("nav");
    return opened;
  }

  /** What axe finds. */
  async violations(): Promise<string[]> {
    const session = await this.page.createCDPSession();
    // Past the page's policy, which lets nobody add scripts.
    await session.send("Runtime.evaluate", { expression: axe });
    const found = (await this.page.evaluate(
      `axe.run().then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => id + " " + html)))`,
    )) as string[];
    await session.detach();
    return found;
  }

  async picture(name: string): Promise<void> {
    if (pictures === undefined) return;
    mkdirSync(pictures, { recursive: true });
    await this.page.screenshot({ path: join(pictures, `${name}.png`) as `${string}.png` });
  }

  /** Resolves when a text is to be read somewhere. */
  async seen(text: string): Promise<void> {
    await this.page.waitForFunction(`document.body.innerText.includes(${JSON.stringify(text)})`);
  }

  /** Resolves when a text is not to be read any more. */
  async gone(text: string): Promise<void> {
    await this.page.waitForFunction(`!document.body.innerText.includes(${JSON.stringify(text)})`);
  }

  /** Chooses an engine at the side. */
  async engine(name: string): Promise<void> {
    await (await this.page.waitForSelector(`nav a ::-p-text(${name})`))!.click();
  }

  /** Presses a button by its name, when it is there and can be pressed. */
  async press(name: string, within = "#content"): Promise<void> {
    await this.page.waitForFunction(
      `(() => {
        const found = [...document.querySelectorAll(${JSON.stringify(`${within} button`)})].find(
          (one) => !one.disabled && one.innerText.trim().startsWith(${JSON.stringify(name)}),
        );
        found?.click();
        return found !== undefined;
      })()`,
    );
  }

  /** Chooses one of a few, by its value. */
  async mode(value: string): Promise<void> {
    await this.page.waitForSelector(`.modes input[value="${value}"]`);
    await this.page.$eval(`.modes input[value="${value}"]`, (input) => input.click());
  }

  /** Puts the cursor into an editor, by its label, when it is there. */
  async focus(label: string): Promise<void> {
    // A shadow tree changes without the document's knowing: it is looked at, not waited for.
    await this.page.waitForFunction(
      `(() => {
        const editors = [...document.querySelectorAll(".editor")].map(({ shadowRoot }) => shadowRoot);
        const found = editors.map((root) => root?.querySelector(${JSON.stringify(`[aria-label="${label}"]`)}));
        found.find((one) => one != null)?.focus();
        return editors.some((root) => root?.activeElement?.ariaLabel === ${JSON.stringify(label)});
      })()`,
    );
  }

  /** What stands in an editor. */
  async text(label: string): Promise<string> {
    await this.focus(label);
    return (await this.page.evaluate(
      `[...document.querySelectorAll(".editor")]
        .map(({ shadowRoot }) => shadowRoot.activeElement)
        .find((one) => one?.ariaLabel === ${JSON.stringify(label)}).innerText`,
    )) as string;
  }

  /** Writes into an editor, by its label, in the place of what is there. */
  async write(label: string, text: string): Promise<void> {
    const { page } = this;
    await this.focus(label);
    await this.chord("a");
    // Where text replaces coloured text, Chromium styles what it inserts like that, and its policy refuses its own attribute.
    await page.keyboard.press("Delete");
    await page.keyboard.sendCharacter(text);
  }

  /** Writes into an editor and runs it. */
  async run(label: string, text: string): Promise<void> {
    await this.write(label, text);
    await this.chord("Enter");
  }

  /** Writes into a field, by its label, in the place of what is there. */
  async fill(label: string, text: string): Promise<void> {
    const field = (await this.page.waitForSelector(`::-p-aria([name="${label}"][role="textbox"])`))!;
    await field.click();
    await this.chord("a");
    await this.page.keyboard.press("Delete");
    await field.type(text);
  }

  /** A key with Ctrl. */
  async chord(key: "a" | "Enter" | "k"): Promise<void> {
    await this.page.keyboard.down("Control");
    await this.page.keyboard.press(key);
    await this.page.keyboard.up("Control");
  }

  /** Nothing that was shown has run, nothing was asked of others, and nothing went wrong. */
  async expectHarmless(): Promise<void> {
    expect(await this.page.evaluate("globalThis.hacked")).toBeUndefined();
    expect(this.faults).toEqual([]);
  }

  /** What axe finds, and what is wider than a small screen, in both themes; pictures of them. */
  async expectReadable(name: string): Promise<void> {
    const { page } = this;
    for (const scheme of ["light", "dark"]) {
      await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
      expect(await this.violations(), `${name}, ${scheme}`).toEqual([]);
      await this.picture(scheme === "light" ? name : `${name}-${scheme}`);
    }
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: "light" }]);
    await page.setViewport({ width: 360, height: 800 });
    const overflow = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
    expect(overflow, `${name}, 360 px`).toBeLessThanOrEqual(0);
    expect(await this.violations(), `${name}, 360 px`).toEqual([]);
    await this.picture(`${name}-360`);
    await page.setViewport({ width: 1280, height: 800 });
  }
}
