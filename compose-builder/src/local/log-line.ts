import { paint } from "../terminal/paint.ts";

/** Levels that are shown without --verbose. */
const shownLevels: ReadonlySet<unknown> = new Set(["warn", "error", "fatal"]);

/**
 * An engine's log line for the terminal, or undefined when it is not worth interrupting for. What is no JSON was not
 * meant for the log (a crash, a warning of Node's), so it is always shown.
 */
export function terminalLine(engine: string, line: string, verbose: boolean): string | undefined {
  const name = paint(process.stderr, "dim", `${engine} |`);
  const record = parse(line);
  if (record === undefined) return `${name} ${line}`;
  const { level, msg, time: _time, image: _image, node: _node, pid: _pid, err, ...fields } = record;
  if (!verbose && !shownLevels.has(level)) return undefined;
  const style = level === "warn" ? "yellow" : shownLevels.has(level) ? "red" : "dim";
  const rest = Object.entries({ ...fields, ...(err !== undefined && { error: messageOf(err) }) });
  const shown = rest.map(
    ([key, value]) => ` ${key}=${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  return `${name} ${paint(process.stderr, style, String(level).padEnd(5))} ${String(msg ?? "")}${shown.join("")}`;
}

function parse(line: string): Record<string, unknown> | undefined {
  try {
    const record: unknown = JSON.parse(line);
    return typeof record === "object" && record !== null ? (record as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function messageOf(error: unknown): unknown {
  return (error as { message?: unknown } | null)?.message ?? error;
}
