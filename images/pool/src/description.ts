import {
  bytes,
  choice,
  duration,
  flag,
  integer,
  list,
  port,
  type ServiceDescription,
  secret,
  serviceKeys,
  text,
} from "@weftkit/config/service-description";

const minute = 60_000;

/** See `ServiceDescription`. */
export const pool = {
  title: "many clients on few connections",
  doc: "Many clients on few connections of servers.",
  protocol: "PostgreSQL 3.0, RESP, MongoDB's",
  port: 6432,
  morePorts: [6433, 6434],
  keys: {
    ...serviceKeys(6432),
    backends: list(
      "The servers, as `<engine>[/<group>]=<host>[:<port>][?role=primary|replica&weight=1..1000&tls=on|off]`, or `[<engine>[/<group>]=]discovery:<group>` for those that discovery tells of.",
      [],
      {
        example: '["relational=db1:5432", "relational=db2:5432?role=replica"]',
      },
    ),
    backends_file: text("A TOML file with more servers, read again when it changes."),
    databases_file: text(
      "A TOML file of `[[databases]]` and `[[users]]`, read again when it changes. Without it every database's name leads to the servers of `relational`.",
    ),
    users_file: text(
      'Who may log in, and with what: lines `"name" "password"`, as in pgbouncer\'s; a password may be an MD5 or a SCRAM verifier. It is read again when it changes.',
    ),
    user: text(
      "One more user, who may log in with `password`, and whom the pool logs in as at servers with it.",
    ),
    password: secret("The password of `user`."),
    auth_type: choice(
      "How clients prove who they are: `trust` takes every user that is listed, or everybody when none is.",
      ["scram-sha-256", "md5", "plain", "trust"],
      "scram-sha-256",
    ),
    auth_user: text("Whose connection is used to look up users that are not listed, with `auth_query`."),
    auth_query: text("The question for a user's password; `$1` is the name.", {
      fallback:
        "SELECT rolname, CASE WHEN rolvaliduntil < pg_catalog.now() THEN NULL ELSE rolpassword END FROM pg_catalog.pg_authid WHERE rolname=$1 AND rolcanlogin",
    }),
    auth_database: text("The database in which `auth_query` is asked; the client's own by default."),
    admin_users: list("Who may give orders in the console, the database `weftkit` (or `pgbouncer`).", []),
    stats_users: list("Who may look at the console.", []),
    pool_mode: choice(
      "When a server serves another client: after the session, the transaction, or each statement.",
      ["session", "transaction", "statement"],
      "transaction",
    ),
    default_pool_size: integer("Connections per database and user.", 20, { min: 1 }),
    min_pool_size: integer("Connections that are kept though nobody needs them.", 0),
    reserve_pool_size: integer(
      "More connections for clients that wait longer than `reserve_pool_timeout`.",
      0,
    ),
    reserve_pool_timeout: duration("See `reserve_pool_size`.", 5000),
    max_db_connections: integer("Connections per database, whoever the user is; 0 is no limit.", 0),
    max_user_connections: integer("Connections per user, whatever the database is; 0 is no limit.", 0),
    max_db_client_connections: integer("Clients per database; 0 is no limit.", 0),
    max_user_client_connections: integer("Clients per user; 0 is no limit.", 0),
    query_wait_timeout: duration("How long a client waits for a server.", 2 * minute),
    query_timeout: duration("How long a statement may run; 0 is no limit.", 0),
    idle_transaction_timeout: duration("How long a transaction may be idle; 0 is no limit.", 0),
    transaction_timeout: duration("How long a transaction may take; 0 is no limit.", 0),
    client_idle_timeout: duration("How long a client may be idle; 0 is no limit.", 0),
    client_login_timeout: duration("How long a login may take.", minute),
    server_idle_timeout: duration(
      "How long a connection is kept that nobody needs; 0 keeps it.",
      10 * minute,
    ),
    server_lifetime: duration("How old a connection gets; 0 is no limit.", 60 * minute),
    server_connect_timeout: duration("How long connecting and logging in at a server may take.", 15_000),
    server_login_retry: duration("How long to wait after a connection could not be made.", 1000),
    wait_notice: duration(
      "After so long in the queue a client is told with a NOTICE; 0 tells nothing.",
      5000,
    ),
    max_prepared_statements: integer(
      "Prepared statements kept at each server; 0 passes them on as they are.",
      200,
    ),
    message_bytes_max: bytes(
      "The longest message that is looked at (statements, parameters); data of COPY and rows are never.",
      64 * 1024 ** 2,
    ),
    session_features: choice(
      "What LISTEN, temporary tables, PREPARE and advisory locks of a session do outside of session mode: the client keeps its server, or it is refused.",
      ["pin", "refuse"],
      "pin",
    ),
    server_reset_query: text("What cleans a server between clients in session mode.", {
      fallback: "DISCARD ALL",
    }),
    server_tls: choice(
      "Whether servers that do not say `tls=on` are spoken to in TLS.",
      ["off", "prefer", "require"],
      "prefer",
    ),
    backend_tls_ca_file: text("Whose certificates of servers are trusted; the system's own list by default."),
    backend_tls_verify: flag("Whether certificates of servers are checked.", false),
    resp_port: port("The port for RESP; it is listened on when `backends` has a server of `inmemory`.", 6433),
    resp_connections: integer(
      "Connections that RESP's clients share, for each database and protocol version that they use.",
      4,
      { min: 1 },
    ),
    resp_dedicated_max: integer(
      "Connections that RESP's clients have for themselves, for MULTI, blocking commands and subscriptions.",
      1000,
    ),
    mongo_port: port(
      "The port for MongoDB's protocol; it is listened on when `backends` has a server of `document`.",
      6434,
    ),
    mongo_connections: integer("Connections that MongoDB's clients share, for each user.", 20, { min: 1 }),
    mongo_dedicated_max: integer(
      "More connections for each user, for as long as tailable cursors and change streams wait for what is new.",
      1000,
      { min: 1 },
    ),
    mongo_advertise: text("What clients of MongoDB's protocol reach the pool by, as `host:port`.", {
      fallbackDoc: "the address that the client has connected to",
      example: '"pool.example.com:6434"',
    }),
  },
  folder: "images/pool",
  keepsState: false,
  memoryBytes: 256 * 1024 ** 2,
  links: "[guide](pool.md)",
} satisfies ServiceDescription;
