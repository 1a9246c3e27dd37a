import { engineNames, engines } from "./engines.ts";
import { bytes, choice, duration, flag, integer, type Key, list, port, secret, text } from "./key.ts";
import { services } from "./services.ts";

/** A `[table]` of weftkit.toml. */
export interface Section {
  /** Markdown, shown above the section's keys in the documentation. */
  readonly doc: string;
  readonly keys: Readonly<Record<string, Key<unknown>>>;
}

/** How clients prove who they are. */
export const authMethods = ["password", "jwt", "mtls", "none"] as const;

/** The keys of each `[[auth.users]]` table. */
export const userKeys = {
  username: text("The name the user logs in with. Required."),
  password: secret(
    "The password, or a `SCRAM-SHA-256$...` verifier of it. A user without one can log in by token or certificate only.",
  ),
  roles: list(
    "What the user may do: `superuser`, `read_write` (or `write`), `read_only` (or `read`), `schema_admin`, `no_access`, or names from `auth.roles_file`.",
    [],
    { example: '["read", "write"]' },
  ),
} satisfies Section["keys"];

const server = {
  name: text("This node's name in logs, metrics and status.", { fallbackDoc: "the host name" }),
  data_dir: text("Where everything durable lives. One process at a time may use it.", {
    fallback: "/var/lib/weftkit",
    variables: ["WEFTKIT_DATA_DIR"],
  }),
  log_level: choice(
    "The least severe level that is logged.",
    ["trace", "debug", "info", "warn", "error"],
    "info",
    {
      variables: ["WEFTKIT_LOG_LEVEL"],
    },
  ),
  bind: text("The address that engines listen on, unless their own section says otherwise.", {
    fallback: "0.0.0.0",
    variables: ["WEFTKIT_BIND"],
  }),
  admin_port: port("The HTTP port of `/livez`, `/readyz`, `/metrics` and `/v1/status`.", 9464, {
    variables: ["WEFTKIT_ADMIN_PORT"],
  }),
  admin_bind: text("The address that the admin port listens on.", {
    fallbackDoc: "the value of `server.bind`",
    variables: ["WEFTKIT_ADMIN_BIND"],
  }),
  admin_token: secret(
    "The bearer token that POST requests and reading changes at the admin port need; without it they are refused.",
    {
      variables: ["WEFTKIT_ADMIN_TOKEN"],
    },
  ),
} satisfies Section["keys"];

const auth = {
  method: choice(
    "How clients prove who they are. `none` lets everybody do everything: for tests, and behind a network that nobody else reaches.",
    authMethods,
    "password",
    { variables: ["WEFTKIT_AUTH"] },
  ),
  user: text("The name of the user whose password is `auth.password`.", {
    fallback: "weftkit",
    variables: ["WEFTKIT_USER"],
  }),
  password: secret("When set, `auth.user` exists with this password and the role `superuser`.", {
    variables: ["WEFTKIT_PASSWORD"],
  }),
  users_file: text(
    "A TOML file of more users: `[[users]]` tables with the keys of `[[auth.users]]`. Read again when it changes.",
    {},
  ),
  roles_file: text("A YAML file of custom roles (`name`, `allow`, `deny`). Read again when it changes."),
  jwt_secret: secret(
    "The key of HS256 tokens, at least 32 bytes. Tokens must expire (`exp`); where a protocol has only passwords, the token is the password.",
    { variables: ["WEFTKIT_JWT_SECRET"] },
  ),
  jwt_jwks_uri: text(
    "Where the public keys of RS256 and ES256 tokens are published (https, or http to a private network).",
    {
      variables: ["WEFTKIT_JWT_JWKS_URI"],
    },
  ),
  jwt_issuer: text("Tokens must carry this `iss`.", { variables: ["WEFTKIT_JWT_ISSUER"] }),
  jwt_audience: text("Tokens must carry this `aud`.", { variables: ["WEFTKIT_JWT_AUDIENCE"] }),
  jwt_user_claim: text("The claim that holds the user's name.", { fallback: "sub" }),
  jwt_roles_claim: text("The claim that holds the roles (a list, or words separated by spaces).", {
    fallback: "roles",
  }),
} satisfies Section["keys"];

const tls = {
  enabled: flag("Whether clients must use TLS (1.2 or later); plain text is then refused.", undefined, {
    fallbackDoc: "true when `tls.cert_file` is set",
  }),
  cert_file: text("The server's certificate chain, PEM. Read again when it changes.", {
    variables: ["WEFTKIT_TLS_CERT"],
  }),
  key_file: text("The certificate's private key, PEM. Read again when it changes.", {
    variables: ["WEFTKIT_TLS_KEY"],
  }),
  ca_file: text('The CA that client certificates must come from; used when `auth.method = "mtls"` only.', {
    variables: ["WEFTKIT_MTLS_CA"],
  }),
} satisfies Section["keys"];

const distribution = {
  enabled: flag("Replication between nodes. Not available yet: `true` is refused.", false),
  role: choice("This node's role.", ["primary", "replica"], "primary"),
  peers: list("The other nodes, as host:port.", []),
} satisfies Section["keys"];

const discoveryClient = {
  urls: list(
    "The nodes of discovery that it registers with, and asks: one that answers is enough. Without any it registers nowhere.",
    [],
    { example: '["http://discovery-0:8500", "http://discovery-1:8500"]' },
  ),
  token: secret("What it logs in with: `user:password`, or a JSON Web Token."),
  ca_file: text("The CA that discovery's certificate must come from, PEM. Default: the system's."),
  cert_file: text("The certificate that it shows, PEM, where discovery asks for one."),
  key_file: text("The private key of that certificate, PEM."),
  register: flag("Whether it registers; `false` is for those who only ask.", true),
  id: text("What it is called there; each instance needs its own.", {
    fallbackDoc: "`server.name`, behind the image's name",
  }),
  groups: list("The groups that it belongs to.", ["default"]),
  advertise: text("Where clients reach it, as `host[:port]`.", {
    fallbackDoc: "this machine's address on the way to discovery, and the port that it listens on",
    example: '"10.0.0.12:6379"',
  }),
  role: choice("Whether it takes writes.", ["primary", "replica"], "primary"),
  weight: integer("Its share of connections beside others'.", 1, { min: 1, max: 1000 }),
  metadata: list("Anything else that discovery tells of it, as `name=value`.", [], {
    example: '["zone=a"]',
  }),
  interval: duration("How often it sends a heartbeat; 0 is what discovery says.", 0, { max: 60_000 }),
} satisfies Section["keys"];

const cdc = {
  enabled: flag("Send every change to a broker, a webhook or a file. See [cdc.md](cdc.md).", false),
  emitter: choice("What changes are sent to.", ["kafka", "redis", "webhook", "nats", "file"], "kafka"),
  topic: text(
    "The topic, stream or subject, or the name of the file. `{namespace}` in it is the table, collection or bucket of the change.",
    { fallback: "weftkit.changes" },
  ),
  broker: text(
    "Where to: `host:port` of a broker (of Kafka and NATS also several, separated by commas), the URL of a webhook, the folder of files.",
    { example: '"kafka:9092"' },
  ),
  format: choice(
    "How an event is written: `debezium` is Debezium's envelope, `cloudevents` CloudEvents 1.0.",
    ["debezium", "cloudevents"],
    "debezium",
  ),
  namespaces: list("Only changes of these; `*` stands for any characters. Empty: all.", [], {
    example: '["public.*"]',
  }),
  ops: list("Only these: `insert`, `update`, `delete`, `truncate`, `schema`.", [
    "insert",
    "update",
    "delete",
    "truncate",
  ]),
  drop: list("Fields that are left out, as `[namespace:]field`.", [], {
    example: '["public.users:password"]',
  }),
  mask: list("Fields whose values become `****`.", [], { example: '["*:email"]' }),
  rename: list("Fields that get another name, as `[namespace:]field=name`.", [], {
    example: '["mail=email"]',
  }),
  batch_events: integer("So many events are sent at once, at most.", 500, { min: 1, max: 10_000 }),
  batch_bytes: bytes("So large is what is sent at once, unless a single event is larger.", 512 * 1024, {
    min: 1,
  }),
  retry_max: duration("How long it waits at most before it tries again.", 30_000, { min: 1 }),
  username: text("Who logs in to the broker."),
  password: secret("The password of `cdc.username`."),
  token: secret("A token instead of a user (NATS)."),
  sasl_mechanism: choice(
    "How the login to Kafka is made.",
    ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"],
    "SCRAM-SHA-256",
  ),
  tls: flag("Whether the connection to the broker is encrypted.", undefined, {
    fallbackDoc: "true when `cdc.ca_file` or `cdc.cert_file` is set",
  }),
  ca_file: text("The CA that the broker's certificate must come from, PEM. Default: the system's."),
  cert_file: text("The client's certificate, PEM, for brokers that ask for one."),
  key_file: text("The client certificate's private key, PEM."),
  webhook_secret: secret(
    "The key that webhooks are signed with, as Standard Webhooks has it: `whsec_` and base64, or any text.",
  ),
  webhook_private_addresses: flag(
    "Whether the webhook may be on this machine or in a private network.",
    false,
  ),
  stream_max_length: integer("About so many events a Redis stream keeps; 0: all.", 0),
  file_max_bytes: bytes("A file that is larger is closed, and a new one begun.", 256 * 1024 ** 2, {
    min: 1024,
  }),
  file_keep: integer("So many closed files are kept; 0: all.", 0),
} satisfies Section["keys"];

const persist = {
  mode: choice(
    "Where state lives: `disabled` is the container's volume; `serverless` is behind your own function at `persist.url`, `container` behind a persistence service there.",
    ["disabled", "serverless", "container"],
    "disabled",
  ),
  url: text(
    "The base URL of the persistence endpoint: https, or http to this host, a private address or a name of one label.",
  ),
  secret: secret("The HMAC key that requests are signed with."),
  secret_previous: secret("The key before it; stays valid while keys rotate."),
  key_id: text("The name of the HMAC key.", { fallback: "default" }),
  schedule: text("When to push, as a cron expression in UTC; a seconds field before the others is allowed.", {
    fallback: "*/15 * * * *",
  }),
  max_lag: bytes("Also push when this much was written since the last push.", 32 * 1024 ** 2, {
    example: '"32MB"',
  }),
  namespace: text("The first part of this replica's place in the store.", { fallback: "default" }),
  replica: text(
    "The last part of this replica's place in the store. `auto` is the ordinal of a StatefulSet's pod, else the lowest of `persist.replicas` that nobody uses.",
    { fallback: "auto" },
  ),
  replicas: integer("How many replicas there are: `auto` never takes a place beyond them.", 1, {
    min: 1,
    max: 1000,
  }),
  handover: choice(
    "What an engine does whose place another one has: `ask` for it, so that the other pushes its last, ends, and this one goes on; or `wait` until it is free.",
    ["ask", "wait"],
    "ask",
  ),
  prefer: choice(
    "What to do when the lease has run out because the endpoint does not answer: `consistency` acknowledges no write until it is renewed, as another engine may own the state by then; `availability` does, and what it acknowledged is lost if so.",
    ["consistency", "availability"],
    "consistency",
  ),
  restore_on_boot: choice(
    "Whether to restore at start; `auto` does when the volume is empty or behind.",
    ["auto", "always", "never"],
    "auto",
  ),
  restore_at: text(
    "A time (ISO 8601) or a sequence number to go back to, once; later starts with the same value go on from there.",
  ),
  shutdown_budget: duration(
    "How long a shutdown may take, from SIGTERM to exit. Holds in every mode.",
    30_000,
    {
      example: '"30s"',
      min: 1,
      max: 3_600_000,
    },
  ),
  encryption_key: secret(
    "The AES-256-GCM key that everything is encrypted with before it leaves: 32 bytes in hexadecimal or base64, or a passphrase of 16 characters or more.",
  ),
  retention: text(
    "Which earlier states stay restorable: `all`, or the newest of each period (`hourly`, `daily`, `weekly`), and for how long.",
    { fallback: "24h all, 7d daily" },
  ),
  bandwidth: bytes("The upload limit in bytes per second.", undefined),
} satisfies Section["keys"];

const standalone = {
  module: choice(
    "The engine to run. Its section is what the keys below are written to.",
    engineNames,
    undefined,
  ),
  modules: list(
    "Several engines in the place of `module`, for weftkit/standalone alone: each a process, all on one port.",
    [],
    { example: '["relational", "inmemory"]' },
  ),
  bind: text(
    "Address and port, written to the engine's `bind` and `port`; with `modules` to `gateway.bind` and `gateway.shared_port`.",
    { example: '"0.0.0.0:20000"' },
  ),
  protocol: text("The wire protocol; must be the one that the module speaks.", {
    fallbackDoc: "the module's own",
    example: '"postgresql"',
  }),
  tls_cert: text("Written to `tls.cert_file`."),
  tls_key: text("Written to `tls.key_file`."),
  auth_method: choice("Written to `auth.method`.", authMethods, undefined, {
    synonyms: { scram_sha_256: "password", token: "jwt" },
  }),
  password_file: text("Written to `auth.users_file`."),
} satisfies Section["keys"];

/** Every section and key that WeftKit knows, in the order in which they are documented. */
export const schema = {
  server: { doc: "The node itself.", keys: server },
  auth: { doc: "Who may connect, and what they may do. Users are listed in `[[auth.users]]`.", keys: auth },
  tls: { doc: "Encryption of client connections.", keys: tls },
  ...engines,
  ...services,
  distribution: { doc: "Replication.", keys: distribution },
  discovery_client: {
    doc: "Being known to `weftkit/discovery`, and asking it. See [discovery.md](discovery.md).",
    keys: discoveryClient,
  },
  cdc: { doc: "Change data capture: what is committed is sent elsewhere.", keys: cdc },
  persist: { doc: "Persistence outside the container (WKP-1).", keys: persist },
  standalone: {
    doc: "A short form for one engine as one server: each key is written to the section it stands for, and contradicting that section is an error.",
    keys: standalone,
  },
} satisfies Record<string, Section>;

/** The name of a `[section]`. */
export type SectionName = keyof typeof schema;
