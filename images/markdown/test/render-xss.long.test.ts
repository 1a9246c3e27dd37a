import { existsSync } from "node:fs";
import { type Browser, launch, type Page } from "puppeteer-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { renderHtml } from "../src/render/render-html.ts";
import { vectors } from "./xss-vectors.ts";

const chromium = "/usr/bin/chromium";
const isInstalled = existsSync(chromium);
if (!isInstalled) {
  console.warn(`no ${chromium}: that no script runs in a page is not tested (apt-get install chromium)`);
}

/** Where the page of a vector comes from; nothing else may be asked for but images. */
const origin = "https://wiki.test/";
const allowedProtocols = ["http:", "https:", "mailto:", "tel:"];

/** Runs first in the page: notes what a script could do. */
const watch = `
  globalThis.events = [];
  for (const name of ["alert", "confirm", "prompt", "eval", "open", "msgbox"]) globalThis[name] = () => void events.push(name);
  addEventListener("securitypolicyviolation", (event) => events.push(event.violatedDirective));
  addEventListener("submit", (event) => { events.push("submit"); event.preventDefault(); }, true);
`;

/** The page of a vector as the engine would answer it, where resolved links lead to paths of their target. */
function pageOf(markdown: string): string {
  const { html } = renderHtml(markdown, {
    resolve: (target) => (target.startsWith("missing") ? undefined : `/doc/${encodeURIComponent(target)}`),
  });
  return `<!doctype html><html><head><script>${watch}</script></head><body><main>${html}</main></body></html>`;
}

/** What a page was seen to be made of. */
interface Seen {
  readonly elements: string[];
  readonly attributes: string[];
  readonly addresses: string[];
}

/** Runs in the page: touches everything there is, twice, the second time after the page was written and parsed again. */
const provoke = `(() => {
  const main = document.querySelector("main");
  const names = ["mouseover", "pointerenter", "focus", "click", "toggle", "animationstart", "load", "error"];
  const [elements, attributes, addresses] = [new Set(), new Set(), new Set()];
  document.addEventListener("click", (event) => event.preventDefault(), true);
  for (let round = 0; round < 2; round++) {
    for (const element of main.querySelectorAll("*")) {
      elements.add(element.localName);
      for (const { name, value } of element.attributes) {
        attributes.add(name);
        if (name === "href" || name === "src") addresses.add(new URL(value, document.baseURI).protocol);
      }
      for (const name of names) element.dispatchEvent(new Event(name, { bubbles: true, cancelable: true }));
    }
    main.innerHTML = main.innerHTML;
  }
  return { elements: [...elements], attributes: [...attributes], addresses: [...addresses] };
})()`;

/** Runs in the page: what the page's own scripts would use. */
const ownNames = `[
  typeof document.getElementById, typeof document.cookie, document.body.localName,
  globalThis.config === undefined, globalThis.x === undefined, document.baseURI,
]`;

describe.skipIf(!isInstalled)("no script runs in Chromium", () => {
  let browser: Browser;
  let page: Page;
  let content = "";
  let requests: string[] = [];

  beforeAll(async () => {
    browser = await launch({ executablePath: chromium, args: ["--no-sandbox", "--disable-gpu"] });
    page = await browser.newPage();
    await page.setRequestInterception(true);
    page.on("request", async (request) => {
      if (request.url() === origin && request.isNavigationRequest()) {
        await request.respond({ contentType: "text/html; charset=utf-8", body: content });
        return;
      }
      // The browser asks for it by itself.
      if (!request.url().endsWith("/favicon.ico"))
        requests.push(`${request.resourceType()} ${request.url()}`);
      await request.abort();
    });
    page.on("dialog", async (dialog) => {
      requests.push(`dialog ${dialog.message()}`);
      await dialog.dismiss();
    });
  });
  afterAll(() => browser.close());

  async function open(html: string): Promise<void> {
    content = html;
    requests = [];
    await page.goto(origin, { waitUntil: "load" });
  }

  test("the watch sees a script that does run", async () => {
    await open(pageOf("").replace("<main>", "<main><img src=x onerror=alert(1)><b onclick=confirm(1)>x</b>"));
    await page.evaluate(provoke);
    expect(await page.evaluate("events")).toEqual(expect.arrayContaining(["alert", "confirm"]));
  });

  describe.each(Object.entries(vectors))("%s", (_name, markdowns) => {
    test.each(markdowns)("%j", async (markdown) => {
      await open(pageOf(markdown));
      const { elements, attributes, addresses } = (await page.evaluate(provoke)) as Seen;
      expect(await page.evaluate("events")).toEqual([]);
      expect(requests.filter((request) => !request.startsWith("image https:"))).toEqual([]);
      expect(page.url()).toBe(origin);
      expect(await page.evaluate(ownNames)).toEqual(["function", "string", "body", true, true, origin]);
      expect(
        elements.filter((name) =>
          /script|style|svg|math|frame|form|object|embed|link|meta|base|template/.test(name),
        ),
      ).toEqual([]);
      expect(
        attributes.filter((name) => /^on|^style$|^name$|^srcset$|^form|^ping$|popover/.test(name)),
      ).toEqual([]);
      for (const protocol of addresses) expect(allowedProtocols).toContain(protocol);
    });
  });
});

test("there are at least 80 vectors, none twice", () => {
  const all = Object.values(vectors).flat();
  expect(all.length).toBeGreaterThanOrEqual(80);
  expect(new Set(all).size).toBe(all.length);
});
