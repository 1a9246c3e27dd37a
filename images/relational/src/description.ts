import { bytes, type EngineDescription, engineKeys, storeKeys } from "@weftkit/config/engine-description";

/** See `EngineDescription`. */
export const relational = {
  title: "SQL, PostgreSQL protocol",
  doc: "SQL over the PostgreSQL protocol.",
  protocol: "PostgreSQL v3",
  protocols: ["postgresql", "postgres"],
  port: 5432,
  keys: {
    ...engineKeys(5432),
    ...storeKeys,
    max_memory_bytes: bytes("How much memory the engine may use; 0 is no limit.", 0, {
      example: "4294967296",
    }),
  },
  deployment: {
    memoryBytes: 512 * 1024 ** 2,
    environment: () => ({}),
    connection: {
      // The same scheme with and without: TLS is a parameter of the connection.
      schemes: ["postgresql", "postgresql"],
      path: "/weftkit",
      login: (user: string, password: string) => `${user}:${password}@`,
    },
    streams: { pages: "relational.db" },
    links: "[compatibility](compatibility/relational.md)",
  },
} satisfies EngineDescription;
