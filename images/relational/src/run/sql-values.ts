import type { SqlValueExpr } from "../analyse/expr.ts";
import { notSupported } from "../errors.ts";
import { splitTimestamp } from "../types/calendar.ts";
import { roundMicros, roundTimestamp } from "../types/datetime-ops.ts";
import { TimeTz } from "../types/datum.ts";
import { requireZone, utcToLocal } from "../types/time-zones.ts";
import type { Compiled } from "./compiler.ts";

/** CURRENT_TIMESTAMP and its like: the same through the whole transaction. */
export function sqlValue({ op, typmod }: SqlValueExpr): Compiled {
  switch (op) {
    case "current_date":
      return (_row, { exec: { io } }) =>
        splitTimestamp(utcToLocal(io.transactionStart, requireZone(io.timeZone))).days;
    case "current_timestamp":
      return (_row, { exec: { io } }) => roundTimestamp(io.transactionStart, typmod);
    case "localtimestamp":
      return (_row, { exec: { io } }) =>
        roundTimestamp(utcToLocal(io.transactionStart, requireZone(io.timeZone)), typmod);
    case "current_time":
      return (_row, { exec: { io } }) => {
        const zone = requireZone(io.timeZone);
        const { micros } = splitTimestamp(utcToLocal(io.transactionStart, zone));
        return new TimeTz(roundMicros(micros, typmod), -zone.offsetAt(io.transactionStart));
      };
    case "localtime":
      return (_row, { exec: { io } }) =>
        roundMicros(splitTimestamp(utcToLocal(io.transactionStart, requireZone(io.timeZone))).micros, typmod);
    case "current_user":
    case "current_role":
    case "user":
      return (_row, { exec }) => exec.session.user;
    case "session_user":
      return (_row, { exec }) => exec.session.sessionUser;
    case "current_catalog":
      return (_row, { exec }) => exec.session.database;
    case "current_schema":
      return (_row, { exec }) => {
        const namespace = exec.io.searchPath.find(
          (oid) => oid !== 11 && exec.catalog.get("namespace", oid) !== undefined,
        );
        return namespace === undefined ? null : exec.catalog.get("namespace", namespace)!.name;
      };
    default:
      throw notSupported(op);
  }
}
