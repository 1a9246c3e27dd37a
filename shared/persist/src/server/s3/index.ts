export { checkConditions } from "./check-conditions.ts";
export { readS3Config, type S3Config } from "./read-config.ts";
export { createS3Store } from "./s3-store.ts";
