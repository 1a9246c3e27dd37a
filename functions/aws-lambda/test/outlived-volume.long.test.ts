import { expectStateToOutliveVolume } from "@weftkit/testing/outlived-volume";
import { installedServers, startS3Server, type TestBucket } from "@weftkit/testing/s3-server";
import { afterAll, beforeAll, describe, test } from "vitest";
import { secret, startFunction } from "./started-function.ts";

const [serverName] = installedServers();

// go install github.com/versity/versitygw/cmd/versitygw@v1.8.0
if (serverName === undefined) test.skip("no S3 server is installed: versitygw or minio");

describe.runIf(serverName !== undefined)("in Lambda", () => {
  let bucket: TestBucket;

  beforeAll(async () => {
    bucket = await startS3Server(serverName!);
  });

  afterAll(() => bucket.close());

  test.each(["true", "false"])(
    "an engine's state outlives engine and volume, with presigned URLs: %s",
    async (WKP_PRESIGN) => {
      const { url } = await startFunction(bucket, {
        WKP_STORE: `${bucket.env.WKP_STORE}/presign-${WKP_PRESIGN}`,
        WKP_PRESIGN,
        WKP_LEASE_SECONDS: "2",
      });
      await expectStateToOutliveVolume(url, secret);
    },
  );
});
