import type { Comparison, OracleCommand } from "./random.ts";
import { decodeReply, type Reply, showReply } from "./reply.ts";
import { type Against, isKnownDifference } from "./version-differences.ts";

/** How far apart times that are relative to now may be. */
const SLACK_MS = 10_000;
/** Deadlines from here on (the year 2096) were set absolutely and must be equal. */
const ABSOLUTE_MS = 4_000_000_000_000;

/** Commands whose flat replies are pairs that belong together. */
const PAIRED = new Set(["HGETALL", "HSCAN", "ZSCAN"]);

/** The commands that were queued when an EXEC came, so that its reply can be compared element by element. */
export type Queued = readonly OracleCommand[];

/** Whether the engine's reply is what the real server's reply allows. */
export function isSame(
  command: OracleCommand,
  engine: Buffer,
  real: Buffer,
  against: Against,
  queued: Queued = [],
): boolean {
  if (engine.equals(real)) return true;
  return isSameDecoded(command, decodeReply(engine), decodeReply(real), against, queued);
}

function isSameDecoded(
  command: OracleCommand,
  engine: Reply,
  real: Reply,
  against: Against,
  queued: Queued,
): boolean {
  const name = command.words[0]!.toString().toUpperCase();
  if (name === "EXEC" && engine.items.length === queued.length && real.items.length === queued.length) {
    return queued.every((each, index) =>
      isSameDecoded(each, engine.items[index]!, real.items[index]!, against, []),
    );
  }
  if (COMPARISONS[command.comparison](engine, real, name)) return true;
  return isKnownDifference(against, command.words, engine, real);
}

const COMPARISONS: Record<Comparison, (engine: Reply, real: Reply, name: string) => boolean> = {
  exact: (engine, real) => showExactly(engine) === showExactly(real),
  unordered: (engine, real, name) => canonical(engine, name) === canonical(real, name),
  time: (engine, real, name) => showExactly(engine) === showExactly(real) || isSameTime(engine, real, name),
  shape: (engine, real) => shapeOf(engine) === shapeOf(real),
};

function showExactly(reply: Reply): string {
  if (reply.items.length === 0) return `${reply.type}${reply.isNull} ${reply.text}`;
  return `${reply.type}[${reply.items.map(showExactly).join("\n")}]`;
}

/** A reply as text in which the order of elements no longer shows; pairs stay together. */
function canonical(reply: Reply, name: string): string {
  if (name.endsWith("SCAN") && reply.items.length === 2) {
    const [cursor, elements] = reply.items;
    return `${showExactly(cursor!)} ${sorted(elements!, PAIRED.has(name))}`;
  }
  return reply.items.length === 0 ? showExactly(reply) : sorted(reply, PAIRED.has(name));
}

function sorted(reply: Reply, isPaired: boolean): string {
  const shown = reply.items.map(showExactly);
  const step = isPaired || reply.type === "%" ? 2 : 1;
  const units: string[] = [];
  for (let i = 0; i < shown.length; i += step) units.push(shown.slice(i, i + step).join("=>"));
  return `${reply.type}[${units.sort().join("\n")}]`;
}

/** Times in the unit of their command: those far in the future exactly, the others with some slack. */
function isSameTime(engine: Reply, real: Reply, name: string): boolean {
  if (engine.type !== ":" || real.type !== ":") return false;
  const unit = name.startsWith("P") ? 1 : 1000;
  return isSameDeadline(Number(engine.text) * unit, Number(real.text) * unit);
}

/** Whether two times in ms are the same as far as the clocks of two servers allow. */
export function isSameDeadline(engineMs: number, realMs: number): boolean {
  if (engineMs === realMs) return true;
  if (engineMs < 0 || realMs < 0 || realMs >= ABSOLUTE_MS) return false;
  return Math.abs(engineMs - realMs) <= SLACK_MS;
}

/** The types and sizes of a reply without its contents; errors whole. */
function shapeOf(reply: Reply): string {
  if (reply.type === "-") return showReply(reply);
  if (reply.items.length === 0) return `${reply.type}${reply.isNull}`;
  return `${reply.type}[${reply.items.map(shapeOf).join(" ")}]`;
}
