import type {
  KeyArguments,
  Command as TableCommand,
  Handler as TableHandler,
} from "../command-table/definition.ts";
import type { ClientSession } from "../server/server.ts";

export { countedKeys, type Flag, type Group, type KeySpec, key, keys } from "../command-table/definition.ts";

/** A command as the files of this folder write it down: its handler is given a session of the server. */
export type Command = TableCommand<ClientSession>;

export type Handler = TableHandler<ClientSession>;

/** Whether an argument from an index on is a keyword. */
export function hasWord(args: KeyArguments, from: number, word: string): boolean {
  for (let index = from; index < args.count; index++) if (args.is(index, word)) return true;
  return false;
}
