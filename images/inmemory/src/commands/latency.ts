import type { LatencyEvent } from "../server/latency.ts";
import type { ClientSession } from "../server/server.ts";
import type { Command } from "./definition.ts";
import { helpCommand } from "./help.ts";

const DISABLED =
  "Nothing is observed: latency-monitor-threshold is 0. CONFIG SET latency-monitor-threshold <milliseconds> begins.\n";
const NOTHING_SEEN = "Nothing has taken as long as latency-monitor-threshold.\n";

function latest({ reply, server }: ClientSession): void {
  reply.array(server.latency.events.size);
  for (const [name, { samples, maxMs }] of server.latency.events) {
    const last = samples.at(-1)!;
    reply.array(4);
    reply.bulkText(name);
    reply.integer(last.unixSeconds);
    reply.integer(last.ms);
    reply.integer(maxMs);
  }
}

function history({ args, reply, server }: ClientSession): void {
  const samples = server.latency.events.get(args.latin1(2))?.samples ?? [];
  reply.array(samples.length);
  for (const { unixSeconds, ms } of samples) {
    reply.array(2);
    reply.integer(unixSeconds);
    reply.integer(ms);
  }
}

function reset({ args, reply, server }: ClientSession): void {
  const { events } = server.latency;
  if (args.count === 2) {
    reply.integer(events.size);
    events.clear();
    return;
  }
  let count = 0;
  for (let i = 2; i < args.count; i++) if (events.delete(args.latin1(i))) count++;
  reply.integer(count);
}

function graph(session: ClientSession): void {
  const { args, reply, server } = session;
  const drawn = server.latency.graph(args.latin1(2), Math.floor(server.now / 1000));
  if (drawn === undefined) reply.error(`ERR No samples available for event '${args.latin1(2)}'`);
  else reply.verbatim(drawn);
}

/** How long commands took: the named ones, with the subcommands of each, or all that were run. */
function histogram({ args, reply, server }: ClientSession): void {
  const { registry } = server.dispatcher;
  const names = Array.from({ length: args.count - 2 }, (_, index) => args.latin1(index + 2));
  const chosen =
    names.length === 0
      ? registry.all
      : names.flatMap((name) => {
          const command = registry.byName(name);
          return command === undefined ? [] : [command, ...command.registered];
        });
  const measured = chosen.flatMap(({ fullName, latencies }) =>
    latencies === undefined ? [] : [{ fullName, latencies }],
  );
  reply.map(measured.length);
  for (const { fullName, latencies } of measured) {
    reply.bulkText(fullName);
    reply.map(2);
    reply.bulkText("calls");
    reply.integer(latencies.total);
    reply.bulkText("histogram_usec");
    const lines = latencies.cumulative();
    reply.map(lines.length);
    for (const [microseconds, count] of lines) {
      reply.integer(microseconds);
      reply.integer(count);
    }
  }
}

/** What is known of the events in sentences, for people. */
function doctor({ reply, server }: ClientSession): void {
  const { events } = server.latency;
  if (events.size === 0) {
    reply.verbatim(server.settings.latencyMonitorMs === 0 ? DISABLED : NOTHING_SEEN);
    return;
  }
  const lines = [...events].map(([name, event], index) => `${index + 1}. ${name}: ${describe(event)}\n`);
  reply.verbatim(
    `Took as long as latency-monitor-threshold, or longer:\n\n${lines.join("")}\nSLOWLOG GET tells which commands they were.\n`,
  );
}

function describe({ samples, maxMs }: LatencyEvent): string {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const average = mean(samples.map(({ ms }) => ms));
  const deviation = mean(samples.map(({ ms }) => Math.abs(ms - average)));
  const seconds = samples.at(-1)!.unixSeconds - samples[0]!.unixSeconds;
  const period = Math.max(1, seconds / samples.length).toFixed(2);
  return `${samples.length} times (average ${Math.round(average)}ms, mean deviation ${Math.round(deviation)}ms, period ${period} sec). Longest ${maxMs}ms.`;
}

const ADMIN = { flags: ["admin", "noscript", "loading", "stale"], group: "server" } as const;

export const latencyCommands: Command[] = [
  {
    name: "latency",
    arity: -2,
    flags: [],
    group: "server",
    since: "2.8.13",
    complexity: "Depends on the subcommand",
    summary: "Tells when commands took longer than latency-monitor-threshold.",
    subcommands: [
      {
        ...ADMIN,
        name: "latest",
        arity: 2,
        since: "2.8.13",
        complexity: "O(1)",
        summary: "Returns of each event when it took long, how long, and the longest.",
        handler: latest,
      },
      {
        ...ADMIN,
        name: "history",
        arity: 3,
        since: "2.8.13",
        complexity: "O(1)",
        summary: "Returns when an event took long, up to 160 times.",
        syntax: "event",
        handler: history,
      },
      {
        ...ADMIN,
        name: "reset",
        arity: -2,
        since: "2.8.13",
        complexity: "O(1)",
        summary: "Forgets events, or all of them.",
        syntax: "[event [event ...]]",
        handler: reset,
      },
      {
        ...ADMIN,
        name: "doctor",
        arity: 2,
        since: "2.8.13",
        complexity: "O(1)",
        summary: "Sums up the events in sentences.",
        handler: doctor,
      },
      {
        ...ADMIN,
        name: "graph",
        arity: 3,
        since: "2.8.13",
        complexity: "O(1)",
        summary: "Draws when an event took how long.",
        syntax: "event",
        handler: graph,
      },
      {
        ...ADMIN,
        name: "histogram",
        arity: -2,
        since: "7.0.0",
        complexity: "O(N) where N is the number of commands with latency information",
        summary: "Returns how often commands took how long, in buckets that double.",
        syntax: "[command [command ...]]",
        handler: histogram,
      },
      helpCommand("server", "2.8.13"),
    ],
  },
];
