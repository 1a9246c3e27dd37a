import { Type } from "typebox";
import { type Call, type Console, loginOf, operation, tlsOf } from "../console.ts";
import { SqlConnection } from "./sql-connection.ts";

const rowsMax = Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 }));
const rowsDefault = 200;
const database = "weftkit";
const catalogRowsMax = 5000;
const catalogStatement = `SELECT table_schema, table_name, column_name FROM information_schema.columns
WHERE table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2, ordinal_position`;

/** PostgreSQL's protocol: one connection for each session, so that a transaction goes over many statements. */
export const sqlConsole: Console = {
  run: operation(
    Type.Object(
      { statement: Type.String({ minLength: 1, maxLength: 1024 ** 2 }), rowsMax },
      { additionalProperties: false },
    ),
    async (call) => (await connectionOf(call)).run(call.body.statement, call.body.rowsMax ?? rowsDefault),
  ),
  fetch: operation(
    Type.Object({ cursor: Type.String({ maxLength: 64 }), rowsMax }, { additionalProperties: false }),
    async (call) => (await connectionOf(call)).fetch(call.body.cursor, call.body.rowsMax ?? rowsDefault),
  ),
  /** The columns of all tables, for completion; over a connection of its own, as it may be asked for while a statement runs. */
  catalog: operation(Type.Object({}, { additionalProperties: false }), async (call) => {
    const connection = await connect(call);
    try {
      return await connection.run(catalogStatement, catalogRowsMax);
    } finally {
      await connection.close();
    }
  }),
  cancel: operation(Type.Object({}, { additionalProperties: false }), async ({ engine, session }) => {
    await (await session.existing<SqlConnection>(nameOf(engine)))?.cancel();
    return {};
  }),
};

async function connectionOf(call: Call): Promise<SqlConnection> {
  const { engine, session } = call;
  const name = nameOf(engine);
  if ((await session.existing<SqlConnection>(name).catch(() => undefined))?.isLost) session.giveUp(name);
  return session.connection(name, () => connect(call));
}

function connect(call: Call): Promise<SqlConnection> {
  const { host, port } = call.engine.backend;
  return SqlConnection.open({ host, port, database, ...loginOf(call), ssl: tlsOf(call.engine) ?? false });
}

function nameOf({ id }: Call["engine"]): string {
  return `sql ${id}`;
}
