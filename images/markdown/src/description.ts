import {
  bytes,
  corsKeys,
  duration,
  type EngineDescription,
  engineKeys,
  flag,
  httpKeys,
  integer,
  storeKeys,
} from "@weftkit/config/engine-description";

const keys = {
  ...engineKeys(8080),
  ...httpKeys,
  ...corsKeys,
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
  webhook_attempts: integer(
    "How often a message is sent to a webhook that does not take it, before it is a dead letter.",
    8,
    { min: 1, max: 20 },
  ),
  webhook_retry_after: duration(
    "How long after the first try of a message the second follows; each later wait is four times as long, six hours at most.",
    5000,
    { min: 1, max: 3_600_000 },
  ),
  webhook_private_addresses: flag(
    "Whether webhooks may have addresses of this machine and of private networks.",
    false,
  ),
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
