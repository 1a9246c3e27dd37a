import {
  bytes,
  corsKeys,
  duration,
  type EngineDescription,
  engineKeys,
  httpKeys,
  list,
  secret,
  storeKeys,
  text,
} from "@weftkit/config/engine-description";

const keys = {
  ...engineKeys(8081),
  ...httpKeys,
  ...corsKeys,
  ...storeKeys,
  storage: text("The folder of the objects' content.", { fallbackDoc: "`files` in `server.data_dir`" }),
  max_size: bytes("How much may be stored in all; 0 is no limit.", 0, { example: '"100GB"' }),
  region: text("The region that buckets are in, for S3 clients that ask.", { fallback: "us-east-1" }),
  domains: list(
    "Domains below which a bucket's name may stand in the host name (`bucket.files.example.com`); without any, buckets are addressed in the path.",
    [],
    { example: '["files.example.com"]' },
  ),
  accounts: list(
    "Users that are S3 accounts of their own: what they make belongs to them, and others need an ACL or a bucket policy. All other users share one account, and their roles say what they may do.",
    [],
    { example: '["partner"]' },
  ),
  encryption_key: secret(
    "What the keys of encrypted objects (SSE-S3) are encrypted with: 32 bytes in hexadecimal or base64, or a passphrase of 16 characters or more. Without one a key is made and kept in the database.",
  ),
  multipart_retention: duration(
    "How long an upload in parts may be left alone before it is given up; 0 is for ever.",
    7 * 86_400_000,
    { max: 3650 * 86_400_000 },
  ),
  lifecycle_day: duration(
    "How long a day of a lifecycle rule is; shorter ones let rules be tried out. Anything but 24h also lets rules act at once rather than at midnight.",
    86_400_000,
    { min: 1000, max: 86_400_000 },
  ),
};

/** See `EngineDescription`. */
export const filestore = {
  title: "objects, S3 API",
  doc: "Objects over the S3 API and REST.",
  protocol: "S3 and REST",
  protocols: ["s3"],
  port: 8081,
  keys,
  deployment: {
    memoryBytes: 512 * 1024 ** 2,
    environment: () => ({}),
    connection: {
      schemes: ["http", "https"],
      path: "",
      login: () => "",
      credentials: (user, password) => `AWS_ACCESS_KEY_ID=${user} AWS_SECRET_ACCESS_KEY=${password}`,
    },
    streams: { pages: "filestore.db", blobs: "files" },
    links: "[guide](filestore.md), [compatibility](compatibility/filestore.md)",
  },
} satisfies EngineDescription;
