import {
  type EngineDescription,
  engineKeys,
  flag,
  storeKeys,
  text,
} from "@weftkit/config/engine-description";

/** See `EngineDescription`. */
export const document = {
  title: "documents, MongoDB protocol",
  doc: "Documents over the MongoDB protocol.",
  protocol: "MongoDB",
  protocols: ["mongodb"],
  port: 27_017,
  keys: {
    ...engineKeys(27_017),
    ...storeKeys,
    advertised_address: text(
      "The host and port that clients are told this server is at, as a member of its replica set.",
      { fallbackDoc: "the address that each client has reached it at" },
    ),
    fail_points: flag(
      "Whether clients may ask for failures with configureFailPoint, for tests of drivers.",
      false,
    ),
  },
  deployment: {
    memoryBytes: 512 * 1024 ** 2,
    environment: () => ({}),
    connection: {
      // The same scheme with and without: TLS is a parameter of the connection.
      schemes: ["mongodb", "mongodb"],
      path: "/?authSource=admin",
      login: (user: string, password: string) => `${user}:${password}@`,
    },
    streams: { pages: "document.db" },
    links: "[guide](document.md), [compatibility](compatibility/document.md)",
  },
} satisfies EngineDescription;
