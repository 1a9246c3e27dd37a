import {
  bytes,
  type EngineDescription,
  engineKeys,
  httpKeys,
  storeKeys,
} from "@weftkit/config/engine-description";

const keys = {
  ...engineKeys(50_051),
  ...httpKeys,
  ...storeKeys,
  max_index_bytes: bytes(
    "How much memory indexes may take; an upsert that needs more is answered RESOURCE_EXHAUSTED. 0 is no limit.",
    0,
    { example: "8589934592" },
  ),
};

/** See `EngineDescription`. */
export const vector = {
  title: "vector search, gRPC",
  doc: "Vector search over gRPC and HTTP, with an interface that is compatible with Qdrant's.",
  protocol: "gRPC",
  protocols: ["grpc"],
  port: 50_051,
  keys,
  deployment: {
    memoryBytes: 1024 ** 3,
    environment: (memoryBytes: number) => ({
      // The rest is for the process itself, what is being answered, and the page cache.
      WEFTKIT_VECTOR_MAX_INDEX_BYTES: String(Math.floor(memoryBytes * 0.6)),
    }),
    connection: {
      schemes: ["http", "https"],
      path: "",
      login: () => "",
      credentials: (_user, password) => `authorization: Bearer ${password}`,
    },
    streams: { pages: "vector.db" },
    links: "[guide](vector.md), [compatibility](compatibility/vector.md)",
  },
} satisfies EngineDescription;
