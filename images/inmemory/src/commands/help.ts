import type { ClientSession } from "../server/server.ts";
import type { Command, Flag, Group } from "./definition.ts";

/** The HELP subcommand of a container: its subcommands as the table has them. */
export function helpCommand(
  group: Group,
  since: string,
  flags: readonly Flag[] = ["loading", "stale"],
): Command {
  return {
    name: "help",
    arity: 2,
    flags,
    group,
    since,
    complexity: "O(1)",
    summary: "Lists the subcommands.",
    handler: help,
  };
}

function help(session: ClientSession): void {
  const { reply } = session;
  const container = session.command.parent!;
  const name = container.name.toUpperCase();
  const lines = [`${name} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:`];
  for (const sub of container.registered) {
    lines.push([sub.name.toUpperCase(), sub.syntax].filter(Boolean).join(" "), `    ${sub.summary}`);
  }
  reply.array(lines.length);
  for (const line of lines) reply.simple(line);
}

/** The error of a subcommand whose arguments make no sense (Redis, addReplySubcommandSyntaxError). */
export function subcommandSyntax(session: ClientSession): string {
  const { args } = session;
  const shown = args.utf8(1).slice(0, 128);
  return `ERR unknown subcommand or wrong number of arguments for '${shown}'. Try ${args.utf8(0).toUpperCase()} HELP.`;
}
