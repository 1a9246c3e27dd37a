import { PgError } from "../errors.ts";
import type { FunctionSession } from "../functions/registry.ts";
import { lockInfos, sessionInfos } from "./activity.ts";
import { backendFunction } from "./backend-functions.ts";
import { nowMicros } from "./clock.ts";
import type { SessionState } from "./state.ts";

const made = new WeakMap<SessionState, FunctionSession>();

/** A session as functions see it. */
export function functionSession(session: SessionState): FunctionSession {
  let known = made.get(session);
  if (known === undefined) {
    known = {
      get user() {
        return session.authority.current.name;
      },
      get sessionUser() {
        return session.authority.session.name;
      },
      get authority() {
        return session.authority;
      },
      database: session.database.name,
      processId: session.processId,
      setting: (name) => session.settings.show(name),
      setSetting: (name, value, isLocal) => {
        session.settings.set(name, value, isLocal, session.transactions.current());
        return session.settings.show(name) ?? value;
      },
      notify: (channel, payload) =>
        void session.transactions.current().notifications.push({ channel, payload }),
      currentRow: (cursor, tables) => {
        const current = session.currentRows.get(cursor);
        if (current === undefined) throw new PgError("34000", `cursor "${cursor}" does not exist`);
        return current(tables);
      },
      notice: (severity, message) => session.notice(severity, message),
      sessions: () => sessionInfos(session),
      locks: () => lockInfos(session),
      preparedStatements: () =>
        [...session.statements].map(([name, prepared]) => ({
          name,
          statement: prepared.statement?.text ?? "",
          preparedAt: nowMicros(),
        })),
      slots: session.database.slots,
      pluginContext: () => session.pluginContext(),
      get transaction() {
        const { transaction } = session.block ?? {};
        return {
          hasChanges: transaction?.hasChanges === true,
          isHolding: transaction?.isHolding === true,
        };
      },
      backend: (name, args, run) => backendFunction(session, name, args, run),
    };
    made.set(session, known);
  }
  return known;
}
