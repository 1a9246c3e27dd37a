import {
  bytes,
  duration,
  flag,
  list,
  port,
  type ServiceDescription,
  serviceKeys,
  text,
} from "@weftkit/config/service-description";

/** See `ServiceDescription`. */
export const gateway = {
  title: "one address for all engines",
  doc: "One address for all engines: a stateless router, by port, protocol, server name, database, user, host and path.",
  protocol: "all of the engines', by port, and on one port all of them",
  port: 20000,
  morePorts: [20001, 20002, 20003, 20004, 20005, 20006, 20007, 20008],
  keys: {
    ...serviceKeys(20000),
    shared_port: port(
      "The port that all protocols share: they are told apart by what a client sends.",
      20008,
    ),
    engine_ports: flag("Whether each engine has a port of its own beside the shared one.", true),
    tls_required: flag(
      "Whether clients that do not speak TLS are refused, in their protocol; `[tls]` has the certificate.",
      false,
    ),
    backends: list(
      "Where the engines are: `<engine>=<host>[:<port>][?weight=1..1000]`, or `[<engine>=]discovery:<group>` for those that discovery tells of.",
      [],
      {
        example: '["relational=db1:5432", "relational=db2:5432", "inmemory=cache"]',
      },
    ),
    backends_file: text("A TOML file of more backends, read again when it changes."),
    routes_file: text(
      "A TOML file of routes (`[[routes]]`), read again when it changes; without it each port leads to its engine.",
    ),
    backend_tls_ca_file: text(
      "Whom to trust at servers that are spoken to in TLS; the system's own otherwise.",
    ),
    backend_tls_cert_file: text("The certificate that servers are shown."),
    backend_tls_key_file: text("Its key."),
    backend_tls_verify: flag("Whether certificates of servers are verified.", true),
    trusted_proxies: list(
      "Addresses and networks whose PROXY headers and `X-Forwarded-For` are believed.",
      [],
      { example: '["10.0.0.0/8"]' },
    ),
    first_bytes_timeout: duration(
      "How long a client may take, from its first byte on, to say what it wants.",
      5000,
      { min: 1 },
    ),
    silence_timeout: duration("How long a client may be connected without sending anything.", 60_000, {
      min: 1,
    }),
    first_bytes_max: bytes(
      "How much of what a client sends is looked at to find out what it wants.",
      16_384,
      {
        min: 1024,
        max: 1_048_576,
      },
    ),
    connect_timeout: duration("How long a backend may take to accept a connection.", 2000, { min: 1 }),
    health_interval: duration("How often each backend is asked in its protocol whether it is well.", 5000, {
      min: 100,
    }),
    access_log: flag("Whether each connection is a line of the log when it has ended.", true),
  },
  folder: "images/gateway",
  keepsState: false,
  memoryBytes: 256 * 1024 ** 2,
  links: "[gateway](gateway.md)",
} satisfies ServiceDescription;
