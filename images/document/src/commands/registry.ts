import type { Command } from "../server/command.ts";
import { aggregate } from "./aggregate.ts";
import { bulkWrite } from "./bulk-write.ts";
import { collMod } from "./coll-mod.ts";
import { count, distinct } from "./count.ts";
import {
  create,
  drop,
  dropDatabase,
  listCollections,
  listDatabases,
  renameCollection,
} from "./definitions.ts";
import { deleteCommand } from "./delete.ts";
import * as diagnostics from "./diagnostics.ts";
import { explain } from "./explain.ts";
import { configureFailPoint } from "./fail-point.ts";
import { find } from "./find.ts";
import { findAndModify } from "./find-and-modify.ts";
import { getMore, killCursors } from "./get-more.ts";
import { hello } from "./hello.ts";
import { createIndexes, dropIndexes, listIndexes } from "./indexes.ts";
import { insert } from "./insert.ts";
import * as operations from "./operations.ts";
import { authenticate, logout, saslContinue, saslStart } from "./sasl.ts";
import { searchIndexCommands } from "./search-indexes.ts";
import * as sessions from "./sessions.ts";
import { update } from "./update.ts";
import { rolesInfo, userChanges, usersInfo } from "./users.ts";
import { validate } from "./validate.ts";

/** Every command there is. */
export const allCommands: readonly Command[] = [
  aggregate,
  authenticate,
  bulkWrite,
  collMod,
  configureFailPoint,
  explain,
  rolesInfo,
  usersInfo,
  validate,
  ...searchIndexCommands,
  ...userChanges,
  count,
  create,
  createIndexes,
  deleteCommand,
  distinct,
  drop,
  dropDatabase,
  dropIndexes,
  find,
  findAndModify,
  getMore,
  hello,
  insert,
  killCursors,
  listCollections,
  listDatabases,
  listIndexes,
  logout,
  renameCollection,
  saslContinue,
  saslStart,
  update,
  ...Object.values(diagnostics),
  ...Object.values(operations),
  ...Object.values(sessions),
];

/** By each of their names. */
export const commandTable: ReadonlyMap<string, Command> = new Map(
  allCommands.flatMap((command) =>
    [command.name, ...(command.aliases ?? [])].map((name) => [name, command] as const),
  ),
);
