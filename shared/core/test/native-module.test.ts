import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { expect, test } from "vitest";
import { findNativeModule, NativeAddon } from "../src/index.ts";

const fileName = `thing-${process.platform}-${process.arch}.node`;

test("a module is found beside who asks, and in native/dist of its package only", () => {
  const root = temporaryFolder();
  const source = join(root, "package", "src", "deep");
  mkdirSync(source, { recursive: true });
  writeFileSync(join(root, "package", "package.json"), "{}");
  const put = (...folders: string[]) => {
    const folder = join(root, ...folders);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, fileName), "");
    return { file: join(folder, fileName) };
  };
  put("native", "dist");
  expect(findNativeModule("thing", "node", source)).toEqual({
    why: `${fileName} is not there: npm run build makes it where a C compiler is`,
  });
  const built = put("package", "native", "dist");
  expect(findNativeModule("thing", "node", source)).toEqual(built);
  const beside = put("package", "src", "deep");
  expect(findNativeModule("thing", "node", source)).toEqual(beside);
});

test("an addon that is missing or broken exports nothing, and says why", () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "package.json"), "{}");
  const missing = new NativeAddon("thing", folder);
  expect(missing.exports).toBeUndefined();
  expect(missing.support).toMatchObject({ available: false, why: expect.stringContaining("is not there") });
  writeFileSync(join(folder, fileName), "no program");
  const broken = new NativeAddon("thing", folder);
  expect(broken.exports).toBeUndefined();
  expect(broken.support).toMatchObject({
    available: false,
    why: expect.stringContaining("cannot be loaded"),
  });
});
