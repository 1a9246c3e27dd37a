/** An engine that runs today, and what is needed to deploy it. */
export interface BuiltImage {
  readonly title: string;
  /** The default data port. */
  readonly port: number;
  /** The memory limit in a deployment, bytes. */
  readonly memoryBytes: number;
  /** Variables beside those that every image gets, for a container with that memory limit. */
  environment(memoryBytes: number): Readonly<Record<string, string>>;
  readonly connection: {
    /** The URL's scheme without and with TLS. */
    readonly schemes: readonly [plain: string, tls: string];
    /** What follows host and port. */
    readonly path: string;
    /** The part before the host, for a user and a password. */
    login(user: string, password: string): string;
  };
}

/** The engines that can be deployed and run. */
const built = {
  inmemory: {
    title: "in memory, Redis protocol",
    port: 6379,
    memoryBytes: 1024 ** 3,
    // Two fifths for the data, which is in memory twice while the append-only file is rewritten; the rest for buffers.
    environment: (memoryBytes) => ({
      WEFTKIT_INMEMORY_MAX_MEMORY_BYTES: String(Math.floor((memoryBytes * 2) / 5)),
    }),
    connection: {
      schemes: ["redis", "rediss"],
      path: "/0",
      // The bare form, without a user name, is the one every Redis client knows; it means the configured user.
      login: (_user, password) => `:${password}@`,
    },
  },
  markdown: {
    title: "structured text, REST",
    port: 8080,
    memoryBytes: 512 * 1024 ** 2,
    environment: () => ({}),
    connection: {
      schemes: ["http", "https"],
      path: "/v1",
      login: (user, password) => `${user}:${password}@`,
    },
  },
} satisfies Readonly<Record<string, BuiltImage>>;

/** The rest of the fleet, by name, with what each is: refused by name, so that nobody looks for a typing error. */
export const plannedImages: Readonly<Record<string, string>> = {
  relational: "SQL, PostgreSQL protocol",
  document: "documents, MongoDB protocol",
  keyvalue: "items, DynamoDB API",
  graph: "graphs, Bolt protocol",
  vector: "vector search, gRPC",
  filestore: "objects, S3 API",
  gateway: "one address for all engines",
  pool: "connection pooling",
  discovery: "who is there",
  playground: "the web page",
};

/** An engine that can be deployed and run. */
export type EngineName = keyof typeof built;

export const builtEngines: Readonly<Record<EngineName, BuiltImage>> = built;

/** Their names. */
export const builtEngineNames = Object.keys(built) as readonly EngineName[];

/** The string a driver connects with; without a login when everybody may do everything. */
export function connectionUrl(
  engine: EngineName,
  to: { host: string; port: number; tls?: boolean; login?: { user: string; password: string } },
): string {
  const { schemes, path, login } = builtEngines[engine].connection;
  const host = to.host.includes(":") ? `[${to.host}]` : to.host;
  const before = to.login === undefined ? "" : login(to.login.user, to.login.password);
  return `${schemes[to.tls === true ? 1 : 0]}://${before}${host}:${to.port}${path}`;
}
