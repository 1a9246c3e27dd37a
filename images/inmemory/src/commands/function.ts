import { SYNTAX } from "../errors.ts";
import type { ClientSession } from "../server/server.ts";
import type { Command } from "./definition.ts";
import { helpCommand } from "./help.ts";

/** There are no function libraries: none to delete. */
function flush(session: ClientSession): void {
  const { args, reply } = session;
  if (args.count > 3 || (args.count === 3 && !args.is(2, "ASYNC") && !args.is(2, "SYNC")))
    reply.error(SYNTAX);
  else reply.ok();
}

/** There are no function libraries: none to list. */
function list(session: ClientSession): void {
  session.reply.array(0);
}

function load(session: ClientSession): void {
  session.reply.error("ERR Functions and scripts are not supported by this engine");
}

const BASE = { group: "server", since: "7.0.0" } as const;
const SCRIPTING = { categories: ["scripting"] };

export const functionCommands: Command[] = [
  {
    ...BASE,
    name: "function",
    arity: -2,
    flags: [],
    complexity: "Depends on the subcommand",
    summary: "Function libraries, which this engine does not run: there are none.",
    subcommands: [
      {
        ...BASE,
        ...SCRIPTING,
        name: "flush",
        arity: -2,
        flags: ["write", "noscript"],
        complexity: "O(1)",
        summary: "Deletes all libraries, of which there are none.",
        syntax: "[ASYNC | SYNC]",
        handler: flush,
      },
      {
        ...BASE,
        ...SCRIPTING,
        name: "list",
        arity: -2,
        flags: ["noscript"],
        complexity: "O(1)",
        summary: "Lists the libraries, of which there are none.",
        syntax: "[LIBRARYNAME library-name-pattern] [WITHCODE]",
        handler: list,
      },
      {
        ...BASE,
        ...SCRIPTING,
        name: "load",
        arity: -3,
        flags: ["write", "denyoom", "noscript"],
        complexity: "O(1)",
        summary: "Refuses: functions are not supported.",
        syntax: "[REPLACE] function-code",
        handler: load,
      },
      { ...helpCommand("server", "7.0.0"), ...SCRIPTING },
    ],
  },
];
