import "../src/routines/register.ts";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SecurityContext } from "@weftkit/auth";
import { createLogger, createMetrics, ReadinessRegistry } from "@weftkit/observe";
import { openStore, type Store } from "@weftkit/store";
import type { PgError } from "../src/errors.ts";
import {
  type Database,
  openDatabase,
  relationalApplicationId,
  relationalMigrations,
} from "../src/session/database.ts";
import type { Notice, Session } from "../src/session/types.ts";

/** A user that may do everything. */
export const superuser: SecurityContext = {
  user: "postgres",
  roles: ["superuser"],
  can: () => true,
  scope: () => "all",
};

export interface OpenedDatabase {
  readonly database: Database;
  readonly store: Store;
  close(): Promise<void>;
}

/** A database in a folder of its own. With `walFsync` a commit is acknowledged some time after the next one has the writer. */
export async function openForTest(
  file = join(mkdtempSync(join(tmpdir(), "weftkit-test-")), "test.db"),
  { walFsync = false } = {},
): Promise<OpenedDatabase> {
  const log = createLogger({ level: "error", image: "test", stream: { write: () => {} } });
  const store = await openStore({
    file,
    applicationId: relationalApplicationId,
    migrations: relationalMigrations,
    log,
    metrics: createMetrics({ image: "test", processMetrics: false }),
    readiness: new ReadinessRegistry(log),
    walFsync,
  });
  const database = await openDatabase(store, "postgres");
  return { database, store, close: () => store.close() };
}

export interface TextResult {
  readonly columns: readonly { readonly name: string; readonly typeOid: number }[];
  readonly rows: readonly (readonly (string | null)[])[];
  readonly tag: string;
}

/** A session whose results are texts, as psql shows them. */
export class TextSession {
  readonly session: Session;
  readonly notices: Notice[] = [];
  readonly notifications: { channel: string; payload: string }[] = [];

  constructor(database: Database, user = superuser) {
    this.session = database.session({
      user,
      database: "postgres",
      settings: {},
      events: {
        notice: (notice) => void this.notices.push(notice),
        parameterStatus: () => {},
        notification: (_processId, channel, payload) => void this.notifications.push({ channel, payload }),
        deallocated: () => {},
        terminated: () => {},
      },
    });
  }

  /** Runs a text as a simple query does. @throws PgError */
  async query(text: string): Promise<TextResult[]> {
    const results: TextResult[] = [];
    const { session } = this;
    try {
      let statements: ReturnType<Session["parse"]>;
      try {
        statements = session.parse(text);
      } catch (error) {
        await session.fail();
        throw error;
      }
      for (const statement of statements) {
        const prepared = await session.prepare(statement, [], text);
        const portal = await session.bind(prepared, [], []);
        const { rows, tag = "" } = await portal.fetch(0);
        const columns = prepared.columns ?? [];
        results.push({
          columns: columns.map(({ name, typeOid }) => ({ name, typeOid })),
          rows: rows.map((row) =>
            columns.map((column, i) => {
              const bytes = session.encode(column.typeOid, row[i]!, 0);
              return bytes === null ? null : Buffer.from(bytes).toString();
            }),
          ),
          tag,
        });
      }
    } finally {
      await session.finish();
    }
    return results;
  }

  /** The rows of one statement. */
  async rows(text: string): Promise<readonly (readonly (string | null)[])[]> {
    return (await this.query(text)).at(-1)?.rows ?? [];
  }

  /** The SQLSTATE that a text ends with. */
  async code(text: string): Promise<string> {
    try {
      await this.query(text);
      return "00000";
    } catch (error) {
      return (error as PgError).code;
    }
  }
}
