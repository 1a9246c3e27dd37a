import { exactInt64, toDouble } from "../bson/numbers.ts";
import { isNumeric, typeName } from "../bson/types.ts";
import { Doc, type Value } from "../bson/values.ts";
import { badValue, failedToParse, MongoError, typeMismatch } from "../errors.ts";
import type { Command } from "./command.ts";

/** What every command may carry beside its own fields. */

const levels = ["local", "majority", "linearizable", "available", "snapshot"];
const readConcernFields = new Set([
  "level",
  "afterOpTime",
  "afterClusterTime",
  "atClusterTime",
  "allowTransactionTableSnapshot",
  "waitLastStableRecoveryTimestamp",
  "provenance",
]);
const writeConcernFields = new Set(["w", "j", "wtimeout", "fsync", "provenance", "getLastError"]);

function wrong(path: string, value: Value, what: string): MongoError {
  return typeMismatch(`BSON field '${path}' is the wrong type '${typeName(value)}', expected ${what}`);
}

/** @throws MongoError 14, 72, 2, 9, 40415 */
export function requireReadConcern(
  command: Command,
  concern: Value | undefined,
  isInTransaction: boolean,
): void {
  if (concern === undefined || concern === null) return;
  if (!(concern instanceof Doc)) throw wrong("readConcern", concern, "type 'object'");
  for (const [name, value] of concern) {
    if (!readConcernFields.has(name)) {
      throw new MongoError(40415, `BSON field 'readConcern.${name}' is an unknown field.`);
    }
    if (name === "level") {
      if (value === null) continue;
      if (typeof value !== "string") throw wrong("readConcern.level", value, "type 'string'");
      if (!levels.includes(value)) {
        throw badValue(`Enumeration value '${value}' for field 'readConcern.level' is not a valid value.`);
      }
    }
    if (
      (name === "afterClusterTime" || name === "atClusterTime") &&
      value !== null &&
      typeName(value) !== "timestamp"
    ) {
      throw wrong(`readConcern.${name}`, value, "type 'timestamp'");
    }
  }
  const level = concern.get("level");
  if (
    command.takesReadConcern !== true &&
    !isInTransaction &&
    typeof level === "string" &&
    level !== "local"
  ) {
    throw new MongoError(
      72,
      `Command ${command.name} does not support { readConcern: { level: "${level}" } } :: caused by :: read concern not supported`,
    );
  }
}

/**
 * What is wrong with a write concern that is understood, but cannot be met: the write is done, and the reply says so.
 *
 * @throws MongoError 14, 72, 9, 2
 */
export function requireWriteConcern(command: Command, concern: Value | undefined): MongoError | undefined {
  if (concern === undefined || concern === null) return undefined;
  if (!(concern instanceof Doc)) throw wrong("writeConcern", concern, "type 'object'");
  if (command.takesWriteConcern !== true) {
    throw new MongoError(72, "Command does not support writeConcern");
  }
  let unmet: MongoError | undefined;
  for (const [name, value] of concern) {
    if (!writeConcernFields.has(name)) {
      throw new MongoError(40415, `BSON field 'writeConcern.${name}' is an unknown field.`);
    }
    if (name === "w" && value !== null) unmet = unmetBy(value, concern);
    if (
      (name === "j" || name === "fsync") &&
      value !== null &&
      typeof value !== "boolean" &&
      !isNumeric(value)
    ) {
      throw wrong(`writeConcern.${name}`, value, "types '[bool, long, int, decimal, double]'");
    }
  }
  return unmet;
}

/** @throws MongoError 9 for what is no "w" */
function unmetBy(value: Value, concern: Doc): MongoError | undefined {
  const info = Doc.of({ errInfo: Doc.of({ writeConcern: concern }) });
  if (typeof value === "string") {
    if (value === "majority") return undefined;
    return new MongoError(79, `No write concern mode named '${value}' found in replica set configuration`, {
      info,
    });
  }
  if (isNumeric(value)) {
    const number = exactInt64(value);
    if (number === undefined || number < 0n || number > 50n) {
      throw failedToParse("w has to be a non-negative number and not greater than 50");
    }
    return number > 1n ? new MongoError(100, "Not enough data-bearing nodes", { info }) : undefined;
  }
  if (value instanceof Doc) return undefined;
  throw failedToParse("w has to be a number, string, or object");
}

/** Milliseconds; 0 is no limit. @throws MongoError 14, 2, 9 */
export function maxTimeOf(value: Value | undefined): number {
  if (value === undefined || value === null) return 0;
  if (!isNumeric(value)) throw wrong("maxTimeMS", value, "types '[long, int, decimal, double]'");
  const ms = exactInt64(value);
  if (ms === undefined) throw failedToParse(`maxTimeMS has non-integral value ${toDouble(value)}`);
  if (ms < 0n || ms > 2_147_483_647n)
    throw badValue(`${ms} value for maxTimeMS is out of range [0, 2147483647]`);
  return Number(ms);
}
