import { ConfigError } from "@weftkit/config";
import { errors } from "../errors.ts";
import type { ClientSession } from "./client-session.ts";
import {
  type Cell,
  type ConsoleAnswer,
  type ConsoleClient,
  ConsoleError,
  type ConsoleHost,
} from "./console-host.ts";
import { readSetting } from "./console-settings.ts";
import type { ServerPool } from "./server-pool.ts";
import type { ServerSession } from "./server-session.ts";

type Table = readonly Readonly<Record<string, Cell>>[];

/** The tables of SHOW; columns are those of pgbouncer, and some of our own behind them. */
const tables: Readonly<Record<string, (front: ConsoleHost) => Table>> = {
  pools: (front) => poolsOf(front).map(poolRow),
  clients: (front) => [...[...front.clients].map(clientRow), ...[...front.consoles].map(consoleRow)],
  servers: (front) => serversOf(front).map(([pool, server]) => serverRow(pool, server)),
  databases: (front) => [...databasesOf(front)].map((name) => databaseRow(front, name)),
  users: (front) =>
    [
      ...new Set([
        ...front.users.keys(),
        ...front.tables.users.keys(),
        ...[...front.clients].map(({ options }) => options.user),
      ]),
    ].map((name) => ({
      name,
      pool_size: front.tables.users.get(name)?.settings.size ?? null,
      reserve_pool_size: front.tables.users.get(name)?.settings.reserveSize ?? null,
      pool_mode: front.tables.users.get(name)?.settings.mode ?? null,
      max_user_connections:
        front.tables.users.get(name)?.settings.userConnectionsMax ?? front.section.max_user_connections,
      current_connections: sum(
        poolsOf(front).filter(({ options }) => options.user === name),
        (pool) => pool.total,
      ),
      max_user_client_connections:
        front.tables.users.get(name)?.clientConnectionsMax || front.section.max_user_client_connections,
      current_client_connections: [...front.clients].filter(({ options }) => options.user === name).length,
    })),
  lists: (front) => {
    const servers = serversOf(front);
    const lists = {
      databases: databasesOf(front).size,
      users: front.users.size,
      pools: front.pools.size,
      free_clients: 0,
      used_clients: front.clients.size,
      login_clients: 0,
      free_servers: sum(poolsOf(front), (pool) => pool.idle.length),
      used_servers: servers.length,
      prepared_statements: front.statements.size,
    };
    return Object.entries(lists).map(([list, items]) => ({ list, items }));
  },
  stats: (front) => statsOf(front, true),
  stats_totals: (front) => statsOf(front, false),
  config: (front) =>
    Object.entries(front.section)
      .filter(([key]) => key !== "password")
      .map(([key, value]) => ({
        key,
        value: value === undefined ? null : String(value),
        default: null,
        changeable: "yes",
      })),
  version: (front) => [{ version: `WeftKit pool ${front.options.version}` }],
  state: (front) => {
    const states = {
      active: front.paused.size === 0 && !front.isDraining,
      paused: front.paused.size > 0,
      suspended: false,
    };
    return Object.entries(states).map(([key, value]) => ({ key, value: value ? "yes" : "no" }));
  },
  mem: () => Object.entries(process.memoryUsage()).map(([name, bytes]) => ({ name, bytes })),
};

const columnsWhenEmpty: Readonly<Record<string, string>> = {
  pools:
    "database user cl_active cl_waiting cl_active_cancel_req cl_waiting_cancel_req sv_active sv_active_cancel sv_being_canceled sv_idle sv_used sv_tested sv_login maxwait maxwait_us pool_mode load_balance_hosts",
  clients:
    "type user database state addr port local_addr local_port connect_time request_time wait wait_us close_needed ptr link remote_pid tls application_name prepared_statements id pinned_by",
  servers:
    "type user database state addr port local_addr local_port connect_time request_time wait wait_us close_needed ptr link remote_pid tls application_name prepared_statements id",
};

/** Orders, which only admins may give. */
const orders: Readonly<
  Record<string, (front: ConsoleHost, target: string | undefined) => Promise<void> | void>
> = {
  reload: (front) => {
    try {
      front.reload();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      throw new ConsoleError("F0000", `RELOAD failed, the old tables stay: ${error.message}`);
    }
  },
  pause: async (front, name) => {
    front.paused.add(name ?? "*");
    await Promise.all(chosen(front, name).map((pool) => pool.pause()));
  },
  resume: (front, name) => {
    if (!front.paused.delete(name ?? "*") && name !== undefined)
      throw new ConsoleError("55000", `database ${name} is not paused`);
    if (name === undefined) front.paused.clear();
    for (const pool of chosen(front, name)) pool.resume();
  },
  reconnect: (front, name) => {
    for (const pool of chosen(front, name)) pool.reconnect("RECONNECT");
  },
  wait_close: async (front, name) => {
    await Promise.all(chosen(front, name).map((pool) => pool.quiet()));
  },
  disable: (front, name) => {
    front.disabled.add(required(name));
  },
  enable: (front, name) => {
    front.disabled.delete(required(name));
  },
  kill: (front, name) => {
    front.paused.add(name ?? "*");
    for (const client of [...front.clients]) {
      if (name === undefined || client.options.database === name) client.fail(errors.killed());
    }
    for (const pool of chosen(front, name)) {
      pool.isPaused = true;
      pool.kill("KILL");
    }
  },
  kill_client: (front, id) => {
    const client = [...front.clients].find(({ options }) => String(options.id) === id);
    if (client === undefined) throw new ConsoleError("22023", `no client with the id ${id ?? ""}`);
    client.fail(errors.killed());
  },
  shutdown: () => {
    process.kill(process.pid, "SIGTERM");
  },
};

const takesName = new Set(["pause", "resume", "reconnect", "wait_close", "disable", "enable", "kill"]);

/** Runs one command. @throws ConsoleError */
export async function runCommand(
  front: ConsoleHost,
  command: string,
  isAdmin: boolean,
): Promise<ConsoleAnswer> {
  const words = command.match(/"[^"]*"|'[^']*'|[^\s"']+/g) ?? [];
  const verb = (words[0] ?? "").toLowerCase();
  if (verb === "show") return show(front, (words[1] ?? "help").toLowerCase(), words.length);
  if (verb === "set") {
    if (!isAdmin) throw new ConsoleError("42501", "admin access needed");
    front.set(...readSetting(command));
    return { tag: "SET" };
  }
  const order = orders[verb];
  if (order === undefined || words.length > 2)
    throw new ConsoleError("42601", `invalid command '${command}', use SHOW HELP;`);
  if (!isAdmin) throw new ConsoleError("42501", "admin access needed");
  const target = words[1]?.replace(/^["']|["']$/g, "");
  if (target !== undefined && takesName.has(verb) && front.databaseOf(target) === undefined) {
    throw new ConsoleError("3D000", `no such database: ${target}`);
  }
  await order(front, target);
  return { tag: verb.toUpperCase() };
}

function show(front: ConsoleHost, name: string, words: number): ConsoleAnswer {
  if (name === "help") {
    const notice = `Console usage\n\tSHOW ${Object.keys(tables).join("|").toUpperCase()}\n\t${Object.keys(orders).join("|").toUpperCase()}`;
    return { tag: "SHOW", notice };
  }
  const table = tables[name];
  if (table === undefined || words > 2)
    throw new ConsoleError("42601", `invalid command 'SHOW ${name}', use SHOW HELP;`);
  const rows = table(front);
  const columns = Object.keys(rows[0] ?? {});
  if (columns.length === 0) columns.push(...(columnsWhenEmpty[name] ?? name).split(" "));
  return { tag: "SHOW", columns, rows: rows.map((row) => columns.map((column) => row[column] ?? null)) };
}

function required(name: string | undefined): string {
  if (name === undefined) throw new ConsoleError("42601", "a database is required as parameter");
  return name;
}

function poolsOf(front: ConsoleHost): ServerPool[] {
  return [...front.pools.values()];
}

function chosen(front: ConsoleHost, name: string | undefined): ServerPool[] {
  return poolsOf(front).filter(({ options }) => name === undefined || options.database.name === name);
}

function serversOf(front: ConsoleHost): [ServerPool, ServerSession][] {
  return poolsOf(front).flatMap((pool) =>
    [...pool.idle, ...pool.busy].map((server): [ServerPool, ServerSession] => [pool, server]),
  );
}

function databasesOf(front: ConsoleHost): Set<string> {
  return new Set([
    ...front.tables.databases.keys(),
    ...poolsOf(front).map(({ options }) => options.database.name),
  ]);
}

function poolRow(pool: ServerPool) {
  const waitMs = pool.longestWaitMs;
  const cancelled = [...pool.busy].filter(({ cancels }) => cancels > 0).length;
  return {
    database: pool.options.database.name,
    user: pool.options.user,
    cl_active: pool.clients - pool.waiting,
    cl_waiting: pool.waiting,
    cl_active_cancel_req: cancelled,
    cl_waiting_cancel_req: 0,
    sv_active: pool.busy.size,
    sv_active_cancel: cancelled,
    sv_being_canceled: cancelled,
    sv_idle: pool.idle.length,
    sv_used: 0,
    sv_tested: 0,
    sv_login: pool.connecting,
    maxwait: Math.floor(waitMs / 1000),
    maxwait_us: Math.floor((waitMs % 1000) * 1000),
    pool_mode: pool.options.settings().mode,
    load_balance_hosts: null,
  };
}

const states = {
  idle: "idle",
  waiting: "waiting",
  preparing: "active",
  active: "active",
  settling: "active",
  closed: "closed",
} as const;

function clientRow(client: ClientSession) {
  const { options } = client;
  const waitMs = client.state === "waiting" ? performance.now() - client.sinceMs : 0;
  return {
    type: "C",
    user: options.user,
    database: options.database,
    state: states[client.state],
    addr: options.address,
    port: options.port,
    local_addr: "",
    local_port: 0,
    connect_time: at(client.connectedMs),
    request_time: at(client.requestMs),
    wait: Math.floor(waitMs / 1000),
    wait_us: Math.floor((waitMs % 1000) * 1000),
    close_needed: 0,
    ptr: String(options.id),
    link: client.server === undefined ? "" : String(client.server.id),
    remote_pid: 0,
    tls: options.isTls ? "TLS" : "",
    application_name: client.parameters.values.get("application_name") ?? "",
    prepared_statements: client.statements,
    id: options.id,
    pinned_by: client.pinnedBy ?? null,
  };
}

/** The console's own clients are among the others, as in pgbouncer. */
function consoleRow({ id, user, connectedMs }: ConsoleClient) {
  return {
    type: "C",
    user,
    database: "pgbouncer",
    state: "active",
    addr: "",
    port: 0,
    local_addr: "",
    local_port: 0,
    connect_time: at(connectedMs),
    request_time: at(performance.now()),
    wait: 0,
    wait_us: 0,
    close_needed: 0,
    ptr: String(id),
    link: "",
    remote_pid: 0,
    tls: "",
    application_name: "",
    prepared_statements: 0,
    id,
    pinned_by: null,
  };
}

function serverRow(pool: ServerPool, server: ServerSession) {
  const isIdle = pool.idle.includes(server);
  return {
    type: "S",
    user: pool.options.user,
    database: pool.options.database.name,
    state: isIdle ? "idle" : "active",
    addr: server.options.address.host,
    port: server.options.address.port,
    local_addr: "",
    local_port: 0,
    connect_time: at(server.options.connectedMs),
    request_time: at(server.options.connectedMs),
    wait: 0,
    wait_us: 0,
    close_needed: server.isToClose === undefined ? 0 : 1,
    ptr: String(server.id),
    link: "",
    remote_pid: server.options.processId,
    tls: "",
    application_name: server.reported.get("application_name") ?? "",
    prepared_statements: server.prepared.size,
    id: server.id,
  };
}

function databaseRow(front: ConsoleHost, name: string) {
  const entry = front.databaseOf(name);
  const pools = chosen(front, name);
  const settings = entry === undefined ? undefined : front.settingsOf(entry, entry.user ?? "");
  return {
    name,
    host: entry?.address?.host ?? entry?.group ?? null,
    port: entry?.address?.port ?? 5432,
    database: entry?.database ?? null,
    force_user: entry?.user ?? null,
    pool_size: settings?.size ?? 0,
    min_pool_size: settings?.minSize ?? 0,
    reserve_pool_size: settings?.reserveSize ?? 0,
    server_lifetime: Math.floor((settings?.serverLifetimeMs ?? 0) / 1000),
    pool_mode: settings?.mode ?? null,
    load_balance_hosts: null,
    max_connections: settings?.databaseConnectionsMax ?? 0,
    current_connections: sum(pools, (pool) => pool.total),
    max_client_connections: entry?.clientConnectionsMax || front.section.max_db_client_connections,
    current_client_connections: sum(pools, (pool) => pool.clients),
    paused: front.paused.has(name) || front.paused.has("*") ? 1 : 0,
    disabled: front.disabled.has(name) ? 1 : 0,
  };
}

function statsOf(front: ConsoleHost, hasAverages: boolean): Table {
  const seconds = Math.max(1, (Date.now() - front.startedMs) / 1000);
  return [...databasesOf(front)].map((database) => {
    const pools = chosen(front, database);
    const total = {
      total_server_assignment_count: sum(pools, ({ counts }) => counts.assignments),
      total_xact_count: sum(pools, ({ counts }) => counts.transactions),
      total_query_count: sum(pools, ({ counts }) => counts.queries),
      total_received: sum(pools, ({ counts }) => counts.receivedBytes),
      total_sent: sum(pools, ({ counts }) => counts.sentBytes),
      total_wait_time: Math.round(sum(pools, ({ counts }) => counts.waitMs) * 1000),
      total_client_parse_count: sum(pools, ({ counts }) => counts.parses),
      total_server_parse_count: sum(pools, ({ counts }) => counts.serverParses),
      total_bind_count: sum(pools, ({ counts }) => counts.binds),
    };
    const averages = Object.entries(total).map(([name, value]) => [
      name.replace("total_", "avg_"),
      Math.round(value / seconds),
    ]);
    return { database, ...total, ...(hasAverages && Object.fromEntries(averages)) };
  });
}

function sum<T>(list: readonly T[], value: (item: T) => number): number {
  return list.reduce((total, item) => total + value(item), 0);
}

function at(monotonicMs: number): string {
  const date = new Date(Date.now() - performance.now() + monotonicMs);
  return date.toISOString().replace("T", " ").replace("Z", " UTC");
}
