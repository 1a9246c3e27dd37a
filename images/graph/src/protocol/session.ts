import type { SecurityContext } from "@weftkit/auth";
import type { BoltVersion, PackValue } from "@weftkit/wire-bolt";
import { CypherError } from "../errors.ts";
import { databaseName } from "../identity.ts";
import type { GraphDatabase } from "../session/database.ts";
import type { GraphTransaction } from "../session/graph-transaction.ts";
import { type NotificationFilter, notificationsOf } from "../session/notifications.ts";
import type { QueryResult } from "../session/query-results.ts";
import {
  isAtLeast,
  notificationList,
  type Outcome,
  packMap,
  planDescription,
  statistics,
  statuses,
} from "./summary.ts";
import { parameterMap } from "./values.ts";

export interface SessionOptions {
  readonly database: GraphDatabase;
  readonly user: SecurityContext;
  readonly version: BoltVersion;
  /** What a routing table names. */
  address(): string;
  readonly defaultTimeoutMs: number | undefined;
  /** What HELLO has asked for; a transaction may ask for something else. */
  readonly filter: NotificationFilter;
}

/** Which notifications an extra of HELLO, BEGIN or RUN asks for. */
export function filterOf(
  extra: ReadonlyMap<string, PackValue>,
  fallback: NotificationFilter,
): NotificationFilter {
  const severity = extra.get("notifications_minimum_severity");
  const disabled =
    extra.get("notifications_disabled_classifications") ?? extra.get("notifications_disabled_categories");
  return {
    minimumSeverity: typeof severity === "string" ? severity : fallback.minimumSeverity,
    disabledCategories: Array.isArray(disabled)
      ? (disabled as readonly PackValue[]).map(String)
      : fallback.disabledCategories,
  };
}

/** So long a routing table may be kept, in seconds. */
const routingSeconds = 300n;

/** A client that has logged in: its transaction, if there is one, and the results that are open in it. */
export class BoltSession {
  readonly databaseName = databaseName;
  readonly #options: SessionOptions;
  #transaction: GraphTransaction | undefined;
  #isImplicit = false;
  readonly #results = new Map<number, { result: QueryResult; startedMs: number }>();
  #lastQid = -1;
  #query: string | undefined;
  #filter: NotificationFilter;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#filter = options.filter;
  }

  get hasResults(): boolean {
    return this.#results.size > 0;
  }

  /** The text that an error's position is in. */
  get failedQuery(): string | undefined {
    return this.#query;
  }

  /** A RESET has come while something may run. */
  interrupt(): void {
    this.#transaction?.terminate();
  }

  failed(): void {
    this.#drop();
  }

  reset(): void {
    this.#drop();
  }

  close(): void {
    this.#transaction?.terminate();
    this.#drop();
  }

  #drop(): void {
    for (const { result } of this.#results.values()) result.close();
    this.#results.clear();
    if (this.#transaction?.isOpen === true) this.#transaction.rollback();
    this.#transaction = undefined;
    this.#lastQid = -1;
  }

  /** Begins a transaction with the settings of BEGIN, or of RUN outside of one. @throws CypherError */
  #newTransaction(extra: ReadonlyMap<string, PackValue>, isImplicit: boolean): GraphTransaction {
    const { database, user, defaultTimeoutMs } = this.#options;
    this.#filter = filterOf(extra, this.#options.filter);
    const name = extra.get("db");
    if (typeof name === "string" && name !== "" && ![databaseName, "system"].includes(name.toLowerCase()))
      throw new CypherError("Neo.ClientError.Database.DatabaseNotFound", `Graph not found: ${name}`);
    const impersonated = extra.get("imp_user");
    if (typeof impersonated === "string" && impersonated !== "")
      throw new CypherError(
        "Neo.ClientError.Statement.ArgumentError",
        "Impersonation is not supported with auth disabled.",
        { gqlStatus: "51N30" },
      );
    this.#checkBookmarks(extra.get("bookmarks"));
    const timeout = extra.get("tx_timeout");
    const metadata = extra.get("tx_metadata");
    return database.begin({
      user,
      isImplicit,
      accessMode: extra.get("mode") === "r" ? "READ" : "WRITE",
      timeoutMs: typeof timeout === "bigint" && timeout > 0n ? Number(timeout) : defaultTimeoutMs,
      metadata:
        metadata instanceof Map ? parameterMap(metadata as ReadonlyMap<string, PackValue>) : undefined,
    });
  }

  /** A bookmark is of this server, or of a history that it does not know. */
  #checkBookmarks(bookmarks: PackValue | undefined): void {
    if (!Array.isArray(bookmarks)) return;
    for (const bookmark of bookmarks as readonly PackValue[]) {
      if (typeof bookmark === "string" && (bookmark === "" || /^FB:[0-9A-Za-z+/=:-]+$/.test(bookmark)))
        continue;
      throw new CypherError(
        "Neo.ClientError.Transaction.InvalidBookmark",
        `Parsing of supplied bookmarks failed with message: ${String(bookmark)} is no bookmark of this server`,
      );
    }
  }

  async begin(extra: ReadonlyMap<string, PackValue>): Promise<void> {
    this.#query = undefined;
    this.#transaction = this.#newTransaction(extra, false);
    this.#isImplicit = false;
    this.#lastQid = -1;
  }

  async commit(): Promise<string> {
    this.#query = undefined;
    for (const { result } of this.#results.values()) result.close();
    this.#results.clear();
    const transaction = this.#transaction!;
    await transaction.commit();
    this.#transaction = undefined;
    return this.#options.database.bookmark();
  }

  rollback(): void {
    this.#drop();
  }

  async run(
    query: string,
    parameters: ReadonlyMap<string, PackValue>,
    extra: ReadonlyMap<string, PackValue>,
    isInTransaction: boolean,
  ): Promise<{ columns: readonly string[]; qid: number; firstMs: number }> {
    this.#query = query;
    if (!isInTransaction) {
      this.#drop();
      this.#transaction = this.#newTransaction(extra, true);
      this.#isImplicit = true;
    }
    const startedMs = performance.now();
    const result = await this.#transaction!.run(query, parameterMap(parameters));
    const qid = ++this.#lastQid;
    this.#results.set(qid, { result, startedMs });
    return { columns: result.prepared.columns, qid, firstMs: performance.now() - startedMs };
  }

  /** The result of a number; -1 is the last one. @throws CypherError */
  result(qid: number): QueryResult {
    const found = this.#results.get(qid === -1 ? this.#lastQid : qid);
    if (found === undefined)
      throw new CypherError("Neo.ClientError.Request.Invalid", `No such statement: ${qid}`);
    return found.result;
  }

  /** What the end of a result is told with. */
  finish(result: QueryResult): Readonly<Record<string, PackValue | undefined>> {
    const { version, database } = this.#options;
    let startedMs = performance.now();
    for (const [qid, entry] of this.#results) {
      if (entry.result !== result) continue;
      startedMs = entry.startedMs;
      this.#results.delete(qid);
    }
    const { prepared } = result;
    const notifications = notificationsOf(prepared, result.notifications, database.tokens, this.#filter);
    const returns = prepared.columns.length > 0 && prepared.statement.mode !== "explain";
    const outcome: Outcome = !returns ? "00001" : result.hasHadRows ? "00000" : "02000";
    let bookmark: string | undefined;
    if (this.#isImplicit) {
      if (this.#transaction?.isOpen === true) this.#transaction.rollback();
      this.#transaction = undefined;
      bookmark = database.bookmark();
    }
    return {
      type: prepared.type,
      t_last: BigInt(Math.round(performance.now() - startedMs)),
      db: databaseName,
      bookmark,
      stats: statistics(result.counts),
      ...(prepared.statement.mode !== "run" &&
        prepared.kind === "query" && {
          [prepared.statement.mode === "explain" ? "plan" : "profile"]: planDescription(prepared.plan.root),
        }),
      ...(isAtLeast(version, 6)
        ? { statuses: statuses(outcome, notifications) }
        : { notifications: notificationList(notifications, version) }),
    };
  }

  /** One server is the router, the reader and the writer, at the address that the client knows it by. */
  route(context: ReadonlyMap<string, PackValue>, extra: PackValue | undefined): PackValue {
    const named = extra instanceof Map ? (extra as ReadonlyMap<string, PackValue>).get("db") : extra;
    if (typeof named === "string" && named !== "" && ![databaseName, "system"].includes(named.toLowerCase()))
      throw new CypherError("Neo.ClientError.Database.DatabaseNotFound", `Graph not found: ${named}`);
    const given = context.get("address");
    const address = typeof given === "string" && given !== "" ? given : this.#options.address();
    const server = (role: string) => packMap({ addresses: [address], role });
    return packMap({
      ttl: routingSeconds,
      db: typeof named === "string" && named !== "" ? named : databaseName,
      servers: [server("WRITE"), server("READ"), server("ROUTE")],
    });
  }
}
