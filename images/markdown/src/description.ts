import {
  bytes,
  duration,
  type EngineDescription,
  engineKeys,
  httpKeys,
  integer,
  storeKeys,
} from "@weftkit/config/engine-description";

const keys = {
  ...engineKeys(8080),
  ...httpKeys,
  ...storeKeys,
  max_document_bytes: bytes("The longest document, front matter included.", 1024 ** 2, {
    min: 1024,
    max: 64 * 1024 ** 2,
  }),
  max_attachment_bytes: bytes("The largest attachment.", 16 * 1024 ** 2, {
    min: 1024,
    max: 256 * 1024 ** 2,
  }),
  max_import_bytes: bytes("The largest archive that a collection can be imported from.", 1024 ** 3, {
    min: 1024,
  }),
  max_versions: integer(
    "How many versions of a document are kept; older ones are removed. 0 keeps all.",
    1000,
  ),
  trash_retention: duration("How long a deleted document can be restored; 0 is for ever.", 30 * 86_400_000, {
    max: 3650 * 86_400_000,
  }),
};

/** See `EngineDescription`. */
export const markdown = {
  title: "structured text, REST",
  doc: "Structured text over REST.",
  protocol: "REST, `/v1/docs`",
  protocols: ["rest"],
  port: 8080,
  keys,
  deployment: {
    memoryBytes: 512 * 1024 ** 2,
    environment: () => ({}),
    connection: {
      schemes: ["http", "https"],
      path: "/v1",
      login: (user: string, password: string) => `${user}:${password}@`,
    },
    streams: { pages: "markdown.db" },
    links: "[guide](markdown.md), [compatibility](compatibility/markdown.md)",
  },
} satisfies EngineDescription;
