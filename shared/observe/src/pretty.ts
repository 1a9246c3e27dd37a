import type { DestinationStream } from "pino";

const colours: Readonly<Record<string, number>> = {
  trace: 90,
  debug: 36,
  info: 32,
  warn: 33,
  error: 31,
  fatal: 35,
};

/** Turns pino's JSON lines into lines for people: `10:32:15.123 INFO  listening port=6379`. */
export function prettyLines(output: { write(text: string): unknown }): DestinationStream {
  return { write: (line) => void output.write(pretty(line)) };
}

function pretty(line: string): string {
  const {
    level,
    time,
    msg,
    err,
    image: _image,
    node: _node,
    ...fields
  } = JSON.parse(line) as Record<string, unknown>;
  const label = String(level).toUpperCase().padEnd(5);
  const shown = Object.entries(fields).map(
    ([name, value]) =>
      ` \u001b[2m${name}=\u001b[0m${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  const stack = (err as { stack?: string } | undefined)?.stack;
  const head = `${String(time).slice(11, 23)} \u001b[${colours[String(level)] ?? 0}m${label}\u001b[0m ${String(msg ?? "")}`;
  return `${head}${shown.join("")}\n${stack === undefined ? "" : `${stack}\n`}`;
}
