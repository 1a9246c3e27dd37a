import { join } from "node:path";
import type { TestBucket } from "@weftkit/testing/s3-server";
import { LambdaService } from "./lambda-service.ts";
import { type Stages, startSecretsManager } from "./secrets-manager.ts";

/** The bundle that is deployed; `npm run build` makes it. */
const main = join(import.meta.dirname, "..", "dist", "main.mjs");

export const secret = "a secret of enough length";

const secretArn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:state-a1b2c3";

/** The function in Lambda on this bucket. */
export async function startFunction(
  bucket: Pick<TestBucket, "env">,
  env: Readonly<Record<string, string>> = {},
  stages: Stages = { AWSCURRENT: secret },
): Promise<LambdaService> {
  return await startLambda({
    ...bucket.env,
    WKP_SECRET_ARN: secretArn,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: await startSecretsManager(secretArn, stages),
    ...env,
  });
}

/** The function with these variables alone. */
export function startLambda(env: Readonly<Record<string, string>>): Promise<LambdaService> {
  return LambdaService.start(main, env);
}
