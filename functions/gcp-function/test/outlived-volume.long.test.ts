import { expectStateToOutliveVolume } from "@weftkit/testing/outlived-volume";
import { test } from "vitest";
import { gcsServer } from "./gcs-server.ts";
import { secret, startFunction } from "./started-function.ts";

// go install github.com/fsouza/fake-gcs-server@v1.56.1
if (gcsServer === undefined) test.skip("fake-gcs-server is not installed");

test.runIf(gcsServer !== undefined)("an engine's state outlives engine and volume", async () => {
  const { url } = await startFunction({ WKP_LEASE_SECONDS: "2" });
  await expectStateToOutliveVolume(url, secret);
});
