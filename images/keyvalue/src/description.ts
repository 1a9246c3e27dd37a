import { type EngineDescription, engineKeys, httpKeys, storeKeys } from "@weftkit/config/engine-description";

const keys = {
  ...engineKeys(8000),
  ...httpKeys,
  ...storeKeys,
};

/** See `EngineDescription`. */
export const keyvalue = {
  title: "items, DynamoDB API",
  doc: "Items over the DynamoDB API.",
  protocol: "DynamoDB",
  protocols: ["dynamodb"],
  port: 8000,
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
    streams: { pages: "keyvalue.db" },
    links: "[guide](keyvalue.md), [compatibility](compatibility/keyvalue.md)",
  },
} satisfies EngineDescription;
