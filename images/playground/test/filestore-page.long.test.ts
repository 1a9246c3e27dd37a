import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32, deflateSync } from "node:zlib";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import type { ElementHandle } from "puppeteer-core";
import { describe, expect, test } from "vitest";
import { hasChromium, hostile, OpenPage, useBrowser } from "./open-page.ts";
import { ApiClient, startEngine, startPlayground } from "./start-playground.ts";

type FileInput = ThisParameterType<ElementHandle["uploadFile"]>;

/** A picture of one colour. */
function png(width: number, height: number): Buffer {
  const chunk = (type: string, data: Buffer) => {
    const head = Buffer.alloc(4);
    head.writeUInt32BE(data.length);
    const body = Buffer.concat([Buffer.from(type), data]);
    const tail = Buffer.alloc(4);
    tail.writeUInt32BE(crc32(body));
    return Buffer.concat([head, body, tail]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const row = Buffer.concat([Buffer.from([0]), Buffer.alloc(width * 3, Buffer.from([34, 87, 122]))]);
  return Buffer.concat([
    Buffer.from("89504e470d0a1a0a", "hex"),
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(Buffer.concat(Array.from({ length: height }, () => row)))),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

describe.skipIf(!hasChromium)("the console of filestore in Chromium", () => {
  const browser = useBrowser();

  test("upload, previews, versions, folders, download, error, big file, lost connection; files are never markup", async () => {
    const filestore = await startEngine("filestore");
    const { service } = await startPlayground([filestore.text]);
    const folder = temporaryFolder();
    mkdirSync(folder, { recursive: true });
    const file = (name: string, content: string | Buffer) => {
      writeFileSync(join(folder, name), content);
      return join(folder, name);
    };
    const open = await OpenPage.loggedIn(browser.current, service.port);
    const { page } = open;
    await open.engine("filestore");
    await open.fill("Name of the bucket", "Not A Bucket");
    await open.press("Create");
    await open.seen("invalid-bucket-name");
    await open.fill("Name of the bucket", "avatars");
    await page.click("input[type=checkbox]");
    await open.press("Create");
    const upload = async (...paths: string[]) => {
      const input = (await page.waitForSelector("input[type=file]:not(:disabled)")) as FileInput;
      await input.uploadFile(...paths);
    };
    const choose = async (name: string) => {
      await (await page.waitForSelector(`.keys li button ::-p-text(${name})`))!.click();
    };
    const page1 = file("evil.html", hostile);
    await upload(
      file("picture.png", png(64, 48)),
      page1,
      file("notes.json", JSON.stringify({ text: hostile })),
    );
    await open.seen("picture.png");
    await open.seen("notes.json");
    await choose("evil.html");
    await open.seen("<script>globalThis.hacked=2</script>");
    writeFileSync(page1, `${hostile}\nsecond`);
    await upload(page1);
    await open.seen("second");
    await page.waitForFunction(`document.querySelectorAll(".value tbody tr").length === 2`);
    await page.click(".value tbody tr:nth-child(2) button");
    await open.gone("second");
    await choose("picture.png");
    await page.waitForFunction(`document.querySelector("img.preview")?.naturalWidth === 64`);
    await choose("notes.json");
    await page.waitForSelector(".preview .tree");
    await open.expectReadable("filestore");

    // In parts.
    await upload(file("large.bin", Buffer.alloc(11 * 1024 ** 2, "x")));
    await open.seen("11.0 MiB");
    await choose("large.bin");
    await open.seen("There is no preview");
    const size = await page.evaluate(
      `fetch(document.querySelector("a.button").href).then((one) => one.arrayBuffer()).then((one) => one.byteLength)`,
    );
    expect(size).toBe(11 * 1024 ** 2);
    await page.$eval(".value > .bar button", (button) => button.click());
    await open.gone("large.bin");

    await filestore.program.kill();
    await upload(file("late.txt", "late"));
    await open.seen("the connection to the engine is lost");
    await open.expectHarmless();
  });

  test("what is opened by its address is saved and does nothing; others' sites and missing tokens are refused", async () => {
    const filestore = await startEngine("filestore");
    const { service } = await startPlayground([filestore.text]);
    const client = await ApiClient.loggedIn(service.port);
    const id = encodeURIComponent(filestore.text.split("?")[0]!.replace("=", "@"));
    await client.operate(filestore.text, "ask", {
      method: "POST",
      path: ["buckets"],
      body: '{"name": "files"}',
    });
    const put = (query: string, headers: Record<string, string> = {}) =>
      client.ask(`/api/engines/${id}/upload?${query}`, {
        method: "PUT",
        headers: { cookie: client.cookie, "content-type": "application/octet-stream", ...headers },
        body: hostile,
      });
    const token = { "x-csrf-token": client.csrfToken };
    expect((await put("bucket=files&key=a.html&type=text/html")).status).toBe(403);
    expect((await put("bucket=files&key=a.html&type=text/html", token)).status).toBe(200);
    expect((await put("bucket=files&key=../../x&type=text/html", token)).body).toMatchObject({
      key: "../../x",
    });
    expect((await put("bucket=files", token)).status).toBe(400);
    const got = await client.get(`/api/engines/${id}/download?bucket=files&key=a.html`);
    expect(got.text).toBe(hostile);
    expect(got.headers.get("content-type")).toBe("application/octet-stream");
    expect(got.headers.get("content-disposition")).toMatch(/^attachment/);
    expect(got.headers.get("content-security-policy")).toContain("sandbox");
    expect((await client.get(`/api/engines/${id}/download?bucket=files&key=none`)).status).toBe(404);
    client.cookie = "";
    expect((await client.get(`/api/engines/${id}/download?bucket=files&key=a.html`)).status).toBe(401);
  });

  test("an upload is cancelled, and who may only read is refused by the engine", async () => {
    const filestore = await startEngine("filestore");
    const { service } = await startPlayground([filestore.text]);
    const ann = await ApiClient.loggedIn(service.port);
    await ann.operate(filestore.text, "ask", {
      method: "POST",
      path: ["buckets"],
      body: '{"name": "files"}',
    });
    const path = join(temporaryFolder(), "a.txt");
    writeFileSync(path, Buffer.alloc(6 * 1024 ** 2));
    const open = await OpenPage.loggedIn(browser.current, service.port);
    const session = await open.page.createCDPSession();
    await open.engine("filestore");
    const input = () => open.page.waitForSelector("input[type=file]") as Promise<FileInput>;
    await input();
    await session.send("Network.enable");
    await session.send("Network.emulateNetworkConditions", {
      offline: false,
      latency: 0,
      downloadThroughput: -1,
      uploadThroughput: 1024,
    });
    await (await input()).uploadFile(path);
    await open.press("Cancel");
    await open.seen("it was given up");

    const reader = await OpenPage.loggedIn(browser.current, service.port, "rob");
    await reader.engine("filestore");
    const file = (await reader.page.waitForSelector("input[type=file]")) as FileInput;
    writeFileSync(path, "a");
    await file.uploadFile(path);
    await reader.seen("forbidden");
  });
});
