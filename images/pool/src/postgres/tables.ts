import { defaultGroup, parseAddress } from "@weftkit/backends";
import { TableFile } from "@weftkit/config";
import { choice, duration, integer, secret, text } from "@weftkit/config/service-description";
import type { DatabaseEntry, PoolSettings, UserEntry } from "./settings.ts";

const modes = ["session", "transaction", "statement"] as const;

const settingsKeys = {
  pool_mode: choice("As the section's.", modes, undefined),
  pool_size: integer("Instead of `default_pool_size`.", 20, { min: 1 }),
  min_pool_size: integer("As the section's.", 0),
  reserve_pool_size: integer("As the section's.", 0),
  query_timeout: duration("As the section's.", 0),
  query_wait_timeout: duration("As the section's.", 0),
  idle_transaction_timeout: duration("As the section's.", 0),
  transaction_timeout: duration("As the section's.", 0),
  client_idle_timeout: duration("As the section's.", 0),
  max_client_connections: integer("Clients at once; 0 is no limit.", 0),
};

/** The keys of `[[databases]]`. */
export const databaseKeys = {
  ...settingsKeys,
  name: text("What clients call it; `*` stands for every name that is not listed."),
  group: text("The group of servers.", { fallback: defaultGroup }),
  address: text("A server of its own instead of a group: `host:port`."),
  database: text("Its name at the server; the same by default."),
  user: text("Whom the pool logs in as; the client's own name by default."),
  password: secret("The password of `user`."),
  auth_user: text("As the section's."),
  auth_query: text("As the section's."),
  auth_database: text("As the section's."),
  connect_query: text("Asked once on each new connection."),
  max_db_connections: integer("As the section's.", 0),
  server_lifetime: duration("As the section's.", 0),
};

/** The keys of `[[users]]`. */
export const userKeys = {
  ...settingsKeys,
  name: text("Who."),
  max_user_connections: integer("As the section's.", 0),
};

export interface Tables {
  readonly databases: ReadonlyMap<string, DatabaseEntry>;
  readonly users: ReadonlyMap<string, UserEntry>;
}

type Values = { readonly [name: string]: unknown };

function settingsOf(values: Values): Partial<PoolSettings> {
  const names = {
    pool_mode: "mode",
    pool_size: "size",
    min_pool_size: "minSize",
    reserve_pool_size: "reserveSize",
    query_timeout: "queryTimeoutMs",
    query_wait_timeout: "queryWaitTimeoutMs",
    idle_transaction_timeout: "idleTransactionTimeoutMs",
    transaction_timeout: "transactionTimeoutMs",
    client_idle_timeout: "clientIdleTimeoutMs",
    max_db_connections: "databaseConnectionsMax",
    max_user_connections: "userConnectionsMax",
    server_lifetime: "serverLifetimeMs",
  } as const;
  return Object.fromEntries(
    Object.entries(names).flatMap(([key, name]) => (values[key] === undefined ? [] : [[name, values[key]]])),
  );
}

/** A database that nobody has written down. */
export function automaticDatabase(name: string, template?: DatabaseEntry): DatabaseEntry {
  return {
    group: defaultGroup,
    address: undefined,
    user: undefined,
    password: undefined,
    authUser: undefined,
    authQuery: undefined,
    authDatabase: undefined,
    connectQuery: undefined,
    clientConnectionsMax: 0,
    settings: {},
    ...template,
    name,
    database: template === undefined || template.database === "*" ? name : template.database,
    isAutomatic: true,
  };
}

/**
 * Reads the databases and users of a file.
 *
 * @throws ConfigError with every mistake at once
 */
export function readTables(path: string | undefined): Tables {
  const databases = new Map<string, DatabaseEntry>();
  const users = new Map<string, UserEntry>();
  if (path === undefined) return { databases, users };
  const file = new TableFile(path, process.env);
  for (const { values, where } of file.rows("databases", databaseKeys)) {
    const { name } = values;
    if (name === undefined) file.fault(where(), "a database needs a name");
    else if (name === "weftkit" || name === "pgbouncer")
      file.fault(where("name"), `"${name}" is the console's name`);
    else if (databases.has(name)) file.fault(where("name"), `the database ${name} is listed twice`);
    else {
      let address: DatabaseEntry["address"];
      try {
        address = values.address === undefined ? undefined : parseAddress(values.address, 5432);
      } catch (error) {
        file.fault(where("address"), error instanceof Error ? error.message : String(error));
      }
      databases.set(name, {
        name,
        group: values.group ?? defaultGroup,
        address,
        database: values.database ?? name,
        user: values.user,
        password: values.password,
        authUser: values.auth_user,
        authQuery: values.auth_query,
        authDatabase: values.auth_database,
        connectQuery: values.connect_query,
        clientConnectionsMax: values.max_client_connections ?? 0,
        isAutomatic: false,
        settings: settingsOf(values),
      });
    }
  }
  for (const { values, where } of file.rows("users", userKeys)) {
    if (values.name === undefined) file.fault(where(), "a user needs a name");
    else
      users.set(values.name, {
        name: values.name,
        clientConnectionsMax: values.max_client_connections ?? 0,
        settings: settingsOf(values),
      });
  }
  file.done();
  return { databases, users };
}
