import {
  bytes,
  choice,
  duration,
  integer,
  list,
  type ServiceDescription,
  secret,
  serviceKeys,
  text,
} from "@weftkit/config/service-description";

/** See `ServiceDescription`. */
export const persistence = {
  title: "keeps engines' states beside them, and databases equal",
  doc: "Keeps the states of engines on a volume (WKP-1) and passes them on to a central endpoint or bucket; keeps an engine's database equal with a remote one.",
  protocol: "WKP-1 over HTTP",
  port: 8788,
  keys: {
    ...serviceKeys(8788),
    secret: secret(
      "The HMAC key that engines sign with, at least 16 characters: their `WEFTKIT_PERSIST_SECRET`.",
    ),
    key_id: text("The key's name: the engines' `WEFTKIT_PERSIST_KEY_ID`.", { fallback: "default" }),
    secret_previous: secret("The key before it, valid as well while keys are changed."),
    key_id_previous: text("The name of `secret_previous`.", { fallbackDoc: "the value of `key_id`" }),
    lease: duration("How long an engine's lease holds without being renewed.", 60_000, {
      min: 2000,
      max: 600_000,
    }),
    central_url: text(
      "Where every push is passed on to: another WKP-1 endpoint's URL, or `s3://bucket/prefix` with the usual `AWS_*` variables.",
      { example: '"https://state.example.com"' },
    ),
    central_secret: secret("The central endpoint's HMAC key."),
    central_key_id: text("The name of `central_secret`.", { fallback: "default" }),
    central_ca_file: text("Certificates to trust at the central endpoint beside the system's, as PEM."),
    central_s3_endpoint: text("The base URL of a store that is not Amazon's, for `s3://`."),
    central_bandwidth: bytes("The upload limit for each subtree, bytes per second; 0 is no limit.", 0),
    central_max_waiting: bytes(
      "When so much waits to be passed on, engines are told to wait: nothing is lost, their own lag grows. 0 is no limit.",
      10 * 1024 ** 3,
    ),
    remote_endpoint: secret(
      "The database that the engine beside this is kept equal with, of the same protocol: `postgres://user:password@host:port/database`, `redis://user:password@host:port/0` or `mongodb://user:password@host:port/database`. It may hold a password, and is never shown.",
    ),
    mode: choice(
      "`write_behind` queues writes here and sends them on; `write_through` is not supported yet.",
      ["write_behind", "write_through"],
      "write_behind",
    ),
    sync_interval_ms: integer(
      "How long changes are collected before they are sent, milliseconds; 0 sends them at once.",
      5000,
      { max: 86_400_000 },
    ),
    conflict_resolution: choice(
      "What becomes of a row that both sides have written without knowing of each other: `lww`, the last write wins; `crdt`, it is merged column by column. `custom` is not supported yet.",
      ["lww", "crdt", "custom"],
      "lww",
    ),
    max_queue_bytes: bytes(
      "When so much waits to be sent, no more is read: the engine keeps its changes meanwhile, and nothing is lost.",
      100 * 1024 ** 2,
      { min: 1024 },
    ),
    local_endpoint: secret(
      "The engine beside this, when there is a `remote_endpoint`: `postgres://user:password@relational:5432/weftkit`, `redis://user:password@inmemory:6379/0` or `mongodb://user:password@document:27017/shop`.",
    ),
    local_admin_url: text(
      "The admin port of the engine beside this, where its changes are read; not needed with `mongodb://`.",
      {
        example: '"http://relational:9464"',
      },
    ),
    local_admin_token: secret("The admin token of the engine beside this."),
    remote_admin_url: text(
      "The admin port of the remote, when it is a WeftKit: its changes come back then. A PostgreSQL, a Redis and `mongodb://` need none.",
    ),
    remote_admin_token: secret("The admin token of the remote."),
    site: text("A name for this place in versions, conflicts and at the remote: letters, digits and `-`.", {
      fallback: "site",
    }),
    tables: list(
      "Which tables are kept equal, as `schema.table`, which keys, or which collections; a star stands for any characters.",
      ["*"],
    ),
    crdt_counters: list(
      "With `crdt`: columns to which both sides add, as `schema.table.column`; a star stands for any characters.",
      [],
    ),
    crdt_sets: list(
      "With `crdt`: columns with arrays (also of JSON) that are sets, as `schema.table.column`.",
      [],
    ),
    sync_bandwidth: bytes("The limit of each direction, bytes per second; 0 is no limit.", 0),
  },
  folder: "persistence-sidecar",
  keepsState: true,
  memoryBytes: 256 * 1024 ** 2,
  links: "[guide](persistence-sidecar.md), [synchronisation](sync.md)",
} satisfies ServiceDescription;
