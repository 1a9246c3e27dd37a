import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { expect, test } from "vitest";
import { settings, startEcho } from "./fixtures.ts";

test("a data dir that is another engine's is refused, and left as it is", async () => {
  const dataDir = temporaryFolder();
  const { image } = await startEcho({ config: settings(dataDir) });
  await image.stop();
  expect(readFileSync(join(dataDir, "weftkit.engine"), "utf8")).toBe("inmemory\n");
  const again = await startEcho({ config: settings(dataDir) });
  await again.image.stop();
  writeFileSync(join(dataDir, "weftkit.engine"), "markdown\n");
  await expect(startEcho({ config: settings(dataDir) })).rejects.toMatchObject({
    code: "data_dir_of_another",
    message: expect.stringContaining("holds the data of weftkit/markdown, and this is weftkit/inmemory"),
  });
  expect(readFileSync(join(dataDir, "weftkit.engine"), "utf8")).toBe("markdown\n");
});
