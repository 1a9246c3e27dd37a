import { type RegisteredCommand, Registry } from "../command-table/registry.ts";
import { commandFamilies } from "../commands/index.ts";

const GROUP_TITLES: Record<string, string> = {
  string: "Strings",
  list: "Lists",
  set: "Sets",
  "sorted-set": "Sorted sets",
  hash: "Hashes",
  stream: "Streams",
  generic: "Keys",
  bitmap: "Bitmaps",
  pubsub: "Publish and subscribe",
  transactions: "Transactions",
  connection: "Connection",
  server: "Server",
};

/** docs/commands/inmemory.md: every command of the table, by group. */
export function commandDocumentation(): string {
  const registry = new Registry(commandFamilies);
  const lines = [
    "# Commands of weftkit/inmemory",
    "",
    "Drawn from the command table, from which the engine also dispatches (`npm run docs`). Each command behaves as in",
    "Redis 7.2; what differs is in [compatibility](../compatibility/inmemory.md).",
    "",
  ];
  for (const [group, title] of Object.entries(GROUP_TITLES)) {
    const commands = registry.all
      .filter(
        (command) => command.group === group && command.name !== "help" && command.handler !== undefined,
      )
      .sort((left, right) => (left.fullName < right.fullName ? -1 : 1));
    if (commands.length === 0) continue;
    lines.push(`## ${title}`, "", "| command | what it does | since | complexity | ACL categories |");
    lines.push("| --- | --- | --- | --- | --- |", ...commands.map(row), "");
  }
  return `${lines.join("\n").trimEnd()}\n`;
}

function row(command: RegisteredCommand): string {
  const name = command.fullName.replace("|", " ").toUpperCase();
  const usage = [name, command.syntax].filter(Boolean).join(" ");
  const categories = command.allCategories.map((category) => `@${category}`).join(" ");
  const cells = [`\`${usage}\``, command.summary, command.since, command.complexity, categories];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}
