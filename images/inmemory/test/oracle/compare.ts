import type { Comparison, OracleCommand } from "./random.ts";
import { decodeReply, type Reply, showReply } from "./reply.ts";
import { olderStreamFacts, renewed } from "./version-differences.ts";

/** How far apart times that are relative to now may be. */
const SLACK_MS = 10_000;
/** Deadlines from here on (the year 2096) were set absolutely and must be equal. */
const ABSOLUTE_MS = 4_000_000_000_000;

const COARSE_MS = 2 ** 52;
const CLOCK_PRECISION = 2 ** -50;

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

/** As `isSame`, of decoded replies. */
export function isSameDecoded(
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
  const older = (reply: Reply) => (name === "XINFO" ? olderStreamFacts(version, reply) : reply);
  const isSameReply = COMPARISONS[command.comparison];
  return (
    isSameReply(engine, real, name) ||
    isSameReply(older(engine), renewed(version, command.words, engine, older(real)), name)
  );
}

const COMPARISONS: Record<Comparison, (engine: Reply, real: Reply, name: string) => boolean> = {
  exact: (engine, real) => showExactly(engine) === showExactly(real),
  unordered: (engine, real, name) => canonical(engine, name) === canonical(real, name),
  time: (engine, real, name) => showExactly(engine) === showExactly(real) || isSameTime(engine, real, name),
  stream: (engine, real) => isSameStreamReply(engine, real),
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
  // Near 2^53 ms and beyond the engine's clock has steps of more than one.
  if (engineMs >= COARSE_MS) return Math.abs(engineMs - realMs) <= SLACK_MS + realMs * CLOCK_PRECISION;
  if (engineMs < 0 || realMs < 0 || realMs >= ABSOLUTE_MS) return false;
  return Math.abs(engineMs - realMs) <= SLACK_MS;
}

/** What XINFO calls times since something was done. */
const IDLE_TIMES = new Set(["idle", "inactive"]);
/** Integers from here on are moments, not counts. */
const MOMENT_MS_MIN = 1_000_000_000_000;

/** Replies of XINFO and XPENDING tell when entries were delivered, as a moment or as the time since. */
function isSameStreamReply(engine: Reply, real: Reply): boolean {
  if (engine.items.length === 0 || engine.items.length !== real.items.length) {
    return showExactly(engine) === showExactly(real);
  }
  if (engine.type !== real.type) return false;
  return real.items.every((theirs, index) => {
    const mine = engine.items[index]!;
    if (theirs.type !== ":") return isSameStreamReply(mine, theirs);
    const name = real.items[index - 1]?.text ?? "";
    // How many nodes Redis's tree happens to need says nothing about the stream.
    if (name === "radix-tree-nodes") return true;
    const isTime =
      Number(theirs.text) >= MOMENT_MS_MIN || IDLE_TIMES.has(name) || isIdleOfPending(real.items, index);
    return isTime ? isSameTime(mine, theirs, "PTTL") : showExactly(mine) === showExactly(theirs);
  });
}

/** Whether this is the third part of an entry of XPENDING: identifier, consumer, time since, times delivered. */
function isIdleOfPending(items: readonly Reply[], index: number): boolean {
  return index === 2 && items.length === 4 && items.map(({ type }) => type).join("") === "$$::";
}

/** The types and sizes of a reply without its contents; errors whole. */
function shapeOf(reply: Reply): string {
  if (reply.type === "-") return showReply(reply);
  if (reply.items.length === 0) return `${reply.type}${reply.isNull}`;
  return `${reply.type}[${reply.items.map(shapeOf).join(" ")}]`;
}
