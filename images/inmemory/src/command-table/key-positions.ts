import type { Args } from "../protocol/args.ts";
import type { KeySpec } from "./definition.ts";
import type { RegisteredCommand } from "./registry.ts";

/** A key among a command's arguments. */
export interface KeyPosition {
  readonly index: number;
  /** What is done to it, as in its key specification. */
  readonly flags: string;
}

/** Where a command's keys are; undefined when the arguments cannot be right (a count beyond the end). */
export function keyIndexes(command: RegisteredCommand, args: Args): KeyPosition[] | undefined {
  if (command.getKeys !== undefined) {
    const flags = command.keys?.[0]?.flags ?? "RW";
    const indexes = command.getKeys(args);
    return indexes.some((index) => index >= args.count)
      ? undefined
      : indexes.map((index, at) => ({ index, flags: at === 0 ? flags : (command.laterKeyFlags ?? flags) }));
  }
  const found: KeyPosition[] = [];
  for (const spec of command.keys ?? []) {
    if (spec.flags === "not_key") continue;
    const begin = beginOf(spec, args);
    if (begin === undefined) continue;
    const indexes = "last" in spec.find ? rangeOf(spec.find, begin, args) : countedOf(spec.find, begin, args);
    if (indexes === undefined) return undefined;
    for (const index of indexes) found.push({ index, flags: spec.flags });
  }
  return found;
}

function beginOf(spec: KeySpec, args: Args): number | undefined {
  if (typeof spec.begin === "number") return spec.begin < args.count ? spec.begin : undefined;
  const { keyword, startFrom } = spec.begin;
  const step = startFrom > 0 ? 1 : -1;
  for (let i = startFrom > 0 ? startFrom : args.count + startFrom; i > 0 && i < args.count; i += step) {
    if (args.is(i, keyword.toUpperCase())) return i + 1;
  }
  return undefined;
}

function rangeOf(
  find: { last: number; step: number; limit?: number },
  begin: number,
  args: Args,
): number[] | undefined {
  let last = begin + find.last;
  if (find.last < 0) {
    const available = args.count - begin;
    last =
      find.limit !== undefined && find.limit > 1
        ? begin + Math.floor(available / find.limit) + find.last
        : args.count + find.last;
  }
  if (last >= args.count) return undefined;
  const indexes: number[] = [];
  for (let i = begin; i <= last; i += find.step) indexes.push(i);
  return indexes;
}

function countedOf(
  find: { keynum: number; first: number; step: number },
  begin: number,
  args: Args,
): number[] | undefined {
  if (begin + find.keynum >= args.count) return undefined;
  const count = args.integer(begin + find.keynum);
  if (!(count >= 0)) return undefined;
  const first = begin + find.first;
  if (count > 0 && first + (count - 1) * find.step >= args.count) return undefined;
  return Array.from({ length: count }, (_, index) => first + index * find.step);
}
