import { matchGlob } from "../protocol/glob.ts";
import { parameters } from "../server/config-parameters.ts";
import type { Parameter } from "../server/parameter.ts";
import type { ClientSession } from "../server/server.ts";
import type { Command } from "./definition.ts";
import { helpCommand } from "./help.ts";

const byName = new Map(parameters.map((parameter) => [parameter.name, parameter]));

function get(session: ClientSession): void {
  const { args, reply, server } = session;
  const chosen = new Set<Parameter>();
  for (let i = 2; i < args.count; i++) {
    const pattern = args.view(i);
    for (const parameter of parameters) {
      if (matchGlob(pattern, Buffer.from(parameter.name), true)) chosen.add(parameter);
    }
  }
  reply.map(chosen.size);
  for (const parameter of chosen) {
    reply.bulkText(parameter.name);
    reply.bulkText(parameter.get(server));
  }
}

/** Sets all parameters or none: what was set before one is refused is set back. */
function set(session: ClientSession): void {
  const { args, reply, server } = session;
  if (args.count % 2 !== 0) {
    reply.error("ERR wrong number of arguments for 'config|set' command");
    return;
  }
  // What opens the slow log is the first in it.
  session.tookLong = true;
  const wanted: { parameter: Parameter; value: string }[] = [];
  for (let i = 2; i < args.count; i += 2) {
    const name = args.latin1(i).toLowerCase();
    const parameter = byName.get(name);
    const failed = (why: string) =>
      reply.error(`ERR CONFIG SET failed (possibly related to argument '${name}') - ${why}`);
    if (parameter === undefined) {
      reply.error(`ERR Unknown option or number of arguments for CONFIG SET - '${args.latin1(i)}'`);
      return;
    }
    if (parameter.set === undefined) {
      failed("can't set immutable config");
      return;
    }
    if (wanted.some((other) => other.parameter === parameter)) {
      failed("duplicate parameter");
      return;
    }
    wanted.push({ parameter, value: args.latin1(i + 1) });
  }
  const before = wanted.map(({ parameter }) => parameter.get(server));
  for (const [index, { parameter, value }] of wanted.entries()) {
    const refusal = parameter.set!(server, value);
    if (refusal === undefined) continue;
    for (let i = 0; i < index; i++) wanted[i]!.parameter.set!(server, before[i]!);
    reply.error(`ERR CONFIG SET failed (possibly related to argument '${parameter.name}') - ${refusal}`);
    return;
  }
  reply.ok();
}

function resetstat(session: ClientSession): void {
  session.server.resetStatistics();
  session.reply.ok();
}

function rewrite(session: ClientSession): void {
  session.reply.error(
    "ERR The server is running without a config file: settings that should outlive it belong into weftkit.toml or WEFTKIT_INMEMORY_* variables",
  );
}

const BASE = { flags: ["admin", "noscript", "loading", "stale"], group: "server" } as const;

export const configCommands: Command[] = [
  {
    name: "config",
    arity: -2,
    flags: [],
    group: "server",
    since: "2.0.0",
    complexity: "Depends on the subcommand",
    summary: "Reads and changes settings of the running engine.",
    subcommands: [
      {
        ...BASE,
        name: "get",
        arity: -3,
        since: "2.0.0",
        complexity: "O(N) where N is the number of parameters",
        summary: "Returns the parameters whose names match.",
        syntax: "parameter [parameter ...]",
        handler: get,
      },
      {
        ...BASE,
        name: "set",
        arity: -4,
        since: "2.0.0",
        complexity: "O(N) where N is the number of parameters",
        summary: "Changes parameters, all or none of those given, until the engine stops.",
        syntax: "parameter value [parameter value ...]",
        handler: set,
      },
      {
        ...BASE,
        name: "resetstat",
        arity: 2,
        since: "2.0.0",
        complexity: "O(1)",
        summary: "Sets the counters of INFO back to zero.",
        handler: resetstat,
      },
      {
        ...BASE,
        name: "rewrite",
        arity: 2,
        since: "2.8.0",
        complexity: "O(1)",
        summary: "Refuses: the configuration file belongs to its owner.",
        handler: rewrite,
      },
      helpCommand("server", "5.0.0"),
    ],
  },
];
