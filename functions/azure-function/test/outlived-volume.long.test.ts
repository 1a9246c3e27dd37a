import { expectStateToOutliveVolume } from "@weftkit/testing/outlived-volume";
import { test } from "vitest";
import { hasAzurite } from "./azurite.ts";
import { secret, startFunction } from "./started-function.ts";

// npm install --prefix ~/.cache/weftkit/azurite azurite@3.37.0
if (!hasAzurite) test.skip("Azurite is not installed");

test.runIf(hasAzurite)("an engine's state outlives engine and volume", async () => {
  const url = await startFunction(() => ({ WKP_LEASE_SECONDS: "2" }));
  await expectStateToOutliveVolume(url, secret);
});
