import type { Comparison, OracleCommand } from "./random.ts";
import { decodeReply, type Reply, showReply } from "./reply.ts";
import { isKnownDifference } from "./version-differences.ts";

/** How far apart times that are relative to now may be, in seconds. */
const SLACK_SECONDS = 10;
/** Deadlines from here on (the year 2096, in seconds) were set absolutely and must be equal. */
const ABSOLUTE_SECONDS = 4_000_000_000;

/** Commands whose flat replies are pairs that belong together. */
const PAIRED = new Set(["HGETALL", "HSCAN", "ZSCAN"]);

/** The commands that were queued when an EXEC came, so that its reply can be compared element by element. */
export type Queued = readonly OracleCommand[];

/** Whether the engine's reply is what the real server's reply allows. */
export function isSame(
  command: OracleCommand,
  engine: Buffer,
  real: Buffer,
  version: string,
  queued: Queued = [],
): boolean {
  if (engine.equals(real)) return true;
  return isSameDecoded(command, decodeReply(engine), decodeReply(real), version, queued);
}

function isSameDecoded(
  command: OracleCommand,
  engine: Reply,
  real: Reply,
  version: string,
  queued: Queued,
): boolean {
  const name = command.words[0]!.toString().toUpperCase();
  if (name === "EXEC" && engine.items.length === queued.length && real.items.length === queued.length) {
    return queued.every((each, index) =>
      isSameDecoded(each, engine.items[index]!, real.items[index]!, version, []),
    );
  }
  if (COMPARISONS[command.comparison](engine, real, name)) return true;
  return isKnownDifference(version, command.words, engine, real);
}

const COMPARISONS: Record<Comparison, (engine: Reply, real: Reply, name: string) => boolean> = {
  exact: (engine, real) => showExactly(engine) === showExactly(real),
  unordered: (engine, real, name) => canonical(engine, name) === canonical(real, name),
  time: (engine, real) => showExactly(engine) === showExactly(real) || isSameTime(engine, real),
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

/** Times in seconds or milliseconds: those far in the future exactly, the others with some slack. */
function isSameTime(engine: Reply, real: Reply): boolean {
  if (engine.type !== ":" || real.type !== ":") return false;
  return isSameDeadline(Number(engine.text), Number(real.text));
}

/** Whether two times, both in seconds or both in milliseconds, are the same as far as two servers' clocks allow. */
export function isSameDeadline(engine: number, real: number): boolean {
  if (engine === real) return true;
  if (engine < 0 || real < 0) return false;
  // Milliseconds since the epoch, then seconds since the epoch or milliseconds from now, then seconds from now.
  if (real >= ABSOLUTE_SECONDS * 1000) return false;
  const slack = real > 10_000_000 ? SLACK_SECONDS * 1000 : SLACK_SECONDS;
  return Math.abs(engine - real) <= slack;
}

/** The types and sizes of a reply without its contents; errors whole. */
function shapeOf(reply: Reply): string {
  if (reply.type === "-") return showReply(reply);
  if (reply.items.length === 0) return `${reply.type}${reply.isNull}`;
  return `${reply.type}[${reply.items.map(shapeOf).join(" ")}]`;
}
