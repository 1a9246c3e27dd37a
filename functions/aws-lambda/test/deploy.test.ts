import { join } from "node:path";
import { expectPastedLinesToCompose, runDeployScript } from "@weftkit/testing/deploy-script";
import { expect, test } from "vitest";

const folder = join(import.meta.dirname, "..");
const url = "https://abc.lambda-url.eu-west-1.on.aws";
const secret = "Aa1".repeat(21);

/** As the AWS CLI on an empty account. */
const answers = `
case "$*" in
"sts get-caller-identity"*) echo 123456789012 ;;
"s3api head-bucket"*) exit 254 ;;
*PersistUrl*) echo ${url}/ ;;
*SecretArn*) echo arn:aws:secretsmanager:eu-west-1:123456789012:secret:x ;;
*BucketName*) echo state-bucket ;;
"secretsmanager get-secret-value"*) echo ${secret} ;;
esac
`;

test("deploys to an empty account with one command, and prints the lines to paste", () => {
  const { asked, printed } = runDeployScript({
    folder,
    cli: { name: "aws", answers },
    args: ["shop-state", "LeaseSeconds=300"],
    env: { AWS_REGION: "eu-west-1" },
  });
  expect(asked).toContain("s3 mb s3://weftkit-deploy-123456789012-eu-west-1 --region eu-west-1");
  expect(asked.find((line) => line.startsWith("cloudformation deploy"))).toMatch(
    /--stack-name shop-state .*--parameter-overrides LeaseSeconds=300$/,
  );
  expectPastedLinesToCompose(printed, url, secret);
});
