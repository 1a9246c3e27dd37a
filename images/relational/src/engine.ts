import "./routines/register.ts";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { jsonTexts, StoreChanges } from "@weftkit/changes";
import type { Deadline } from "@weftkit/core";
import type { Engine, EngineContext, Peer } from "@weftkit/host";
import type { Logger } from "@weftkit/observe";
import type { Stream } from "@weftkit/persist";
import { EngineStore } from "@weftkit/persist/pages";
import type { StateFile } from "@weftkit/persist/snapshot";
import { FramedConnection, SocketGroup } from "@weftkit/sockets";
import { BackendWriter } from "@weftkit/wire-postgres";
import { PgError } from "./errors.ts";
import { CancelKeys } from "./protocol/cancel-keys.ts";
import { ClientConnection } from "./protocol/client-connection.ts";
import { errorFields } from "./protocol/error-fields.ts";
import { type Settled, settleTls } from "./protocol/settle-tls.ts";
import { startupLength } from "./protocol/startup-length.ts";
import { isSlot, Slots } from "./replication/slots.ts";
import {
  type Database,
  openDatabase,
  relationalApplicationId,
  relationalMigrations,
} from "./session/database.ts";
import { accountOfRole, contextOfRole, ownRole, requireConnect } from "./session/role-login.ts";

/** The database, in the data folder. */
export const databaseFile = "relational.db";
/** What the one database is called when nobody says otherwise. */
const databaseName = "weftkit";
/** What tools connect to when they only want to ask about the server. */
const maintenanceName = "postgres";
/** PostgreSQL's: a statement with its values has to fit into one message. */
const messageBytesMax = 1 << 30;

/** The SQL engine, as the host runs it. */
export class RelationalEngine implements Engine<"relational"> {
  readonly negotiatesTls = true;
  readonly alpn = ["postgresql"];
  readonly #engineStore = new EngineStore(databaseFile);
  readonly #sockets = new SocketGroup();
  readonly #cancelKeys = new CancelKeys();
  readonly #connections = new Set<FramedConnection>();
  /** Connections whose TLS is being settled. */
  readonly #settling = new Set<Socket>();
  #context!: EngineContext<"relational">;
  #database!: Database;
  #changes!: StoreChanges;

  streams(dataDir: string, log: Logger): readonly Stream[] {
    return [this.#engineStore.stream(dataDir, log)];
  }

  snapshot(scratch: string): AsyncIterable<StateFile> {
    return this.#engineStore.snapshot(scratch);
  }

  async open(ctx: EngineContext<"relational">): Promise<void> {
    this.#context = ctx;
    const store = await this.#engineStore.open({
      dataDir: ctx.dataDir,
      applicationId: relationalApplicationId,
      migrations: relationalMigrations,
      walFsync: ctx.section.wal_fsync,
      log: ctx.log,
      metrics: ctx.metrics,
      readiness: ctx.readiness,
      fatal: (error) => ctx.fatal(error),
    });
    this.#changes = await StoreChanges.open({ store, log: ctx.log, wantsDetail: isSlot });
    ctx.serveChanges(this.#changes, jsonTexts);
    this.#database = await openDatabase(store, databaseName, await Slots.open(this.#changes));
    const { auth } = ctx;
    const users = auth.users().flatMap(({ name }) => auth.contextOf(name) ?? []);
    await this.#database.configure(users, auth.method === "password" || auth.method === "mtls");
  }

  accept(socket: Duplex, peer: Peer): void {
    const { startTls } = peer;
    if (startTls === undefined || !(socket instanceof Socket)) {
      this.#serve({ socket, input: undefined, secured: undefined }, peer);
      return;
    }
    this.#settling.add(socket);
    socket.on("error", () => socket.destroy());
    settleTls(socket, startTls).then(
      (settled) => {
        this.#settling.delete(socket);
        this.#serve(settled, peer);
      },
      (error: unknown) => {
        this.#settling.delete(socket);
        refuseWith(socket, error);
      },
    );
  }

  #serve({ socket, input, secured }: Settled, peer: Peer): void {
    const client = new ClientConnection({
      authenticator: this.#context.auth,
      peer: secured?.identity === undefined ? peer : { ...peer, identity: secured.identity },
      channelBinding: secured?.channelBinding,
      cancelKeys: this.#cancelKeys,
      log: this.#context.log,
      messageBytesMax,
      roles: {
        account: (user) => accountOfRole(this.#database.catalog, user),
        context: (user) => {
          const role = ownRole(this.#database.catalog, user);
          return role === undefined ? undefined : contextOfRole(role);
        },
      },
      openSession: async (options) => {
        const { database = databaseName } = options;
        requireDatabase(database);
        await this.#database.admit(options.user);
        requireConnect(this.#database, options.user);
        return this.#database.session({ ...options, database });
      },
      closed: () => {
        this.#connections.delete(connection);
        peer.released();
      },
    });
    const connection = new FramedConnection(this.#sockets, this.#sockets.take(socket), startupLength, client);
    this.#connections.add(connection);
    client.attach(connection);
    connection.start(input);
  }

  refuse(socket: Duplex): void {
    const writer = new BackendWriter();
    writer.error({ severity: "FATAL", code: "53300", message: "sorry, too many clients already" });
    socket.end(writer.take());
  }

  async close(deadline: Deadline): Promise<void> {
    for (const socket of this.#settling) socket.destroy();
    const sessions = [...this.#database.sessions.values()];
    for (const connection of this.#connections) connection.destroy();
    await deadline.race(Promise.all(sessions.map((session) => session.close())));
    await this.#changes.close();
    this.#sockets.end();
  }

  dispose(): Promise<void> {
    return this.#engineStore.close();
  }

  status(): Record<string, unknown> {
    return { connections: this.#connections.size };
  }
}

/**
 * There is one database, and a name that means no other: a tool that was told another one (a shadow database, a test's own) must
 * not find itself in this one. @throws PgError 3D000
 */
function requireDatabase(name: string): void {
  if (name === databaseName || name === maintenanceName) return;
  throw new PgError("3D000", `database "${name}" does not exist`, {
    hint: `There is one database, "${databaseName}".`,
  });
}

/** Tells a client why it is not served, in plain text. */
function refuseWith(socket: Socket, error: unknown): void {
  const fields = errorFields(error, "FATAL");
  if (fields === undefined) {
    socket.destroy();
    return;
  }
  const writer = new BackendWriter();
  writer.error(fields);
  socket.end(writer.take(), () => socket.destroy());
}
