import {
  duration,
  flag,
  list,
  type ServiceDescription,
  serviceKeys,
  text,
} from "@weftkit/config/service-description";

/** See `ServiceDescription`. */
export const playground = {
  title: "consoles in a browser",
  doc: "A web page with consoles for engines, their status and their persistence.",
  protocol: "HTTP",
  port: 3000,
  keys: {
    ...serviceKeys(3000),
    engines: list(
      "The engines that it shows and reaches, and no others: `<engine>[/<group>]=<host>[:<port>][?tls=on&admin=<host>:<port>|off]`. " +
        "The admin port is 9464 of the same host unless `admin` says another.",
      [],
      { example: '["relational=db:5432", "inmemory=cache:6379?admin=cache:9464"]' },
    ),
    session_idle: duration("How long a login lasts that is not used.", 30 * 60_000, { min: 1000 }),
    backend_tls_ca_file: text(
      "Whom to trust when an engine is reached in TLS; the system's own when not set.",
    ),
    backend_tls_verify: flag("Whether certificates of engines are verified.", true),
  },
  folder: "images/playground",
  keepsState: false,
  memoryBytes: 256 * 1024 ** 2,
  links: "[guide](playground.md)",
} satisfies ServiceDescription;
