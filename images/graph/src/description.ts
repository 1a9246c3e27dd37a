import { type EngineDescription, engineKeys, storeKeys, text } from "@weftkit/config/engine-description";

/** See `EngineDescription`. */
export const graph = {
  title: "graphs, Bolt protocol",
  doc: "Cypher over Bolt.",
  protocol: "Bolt",
  protocols: ["bolt", "neo4j"],
  port: 7687,
  keys: {
    ...engineKeys(7687),
    ...storeKeys,
    advertised_address: text("Where routing tables send clients (`neo4j://`).", {
      fallbackDoc: "the address each client has connected to",
      example: '"graph.example.com:7687"',
    }),
    import_dir: text("The folder that LOAD CSV reads `file:///` from.", {
      fallbackDoc: "LOAD CSV is refused",
      example: '"/import"',
    }),
  },
  deployment: {
    memoryBytes: 512 * 1024 ** 2,
    environment: () => ({}),
    connection: {
      schemes: ["bolt", "bolt+s"],
      path: "",
      login: (user: string, password: string) => `${user}:${password}@`,
    },
    streams: { pages: "graph.db" },
    links: "[guide](graph.md), [compatibility](compatibility/graph.md)",
  },
} satisfies EngineDescription;
