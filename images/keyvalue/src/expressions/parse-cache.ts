import type { Condition, Parsed, PathNode, Update } from "./ast.ts";
import { parseCondition, parseProjection, parseUpdate } from "./parser.ts";

/** Texts that are kept; clients send the same few again and again. */
const textsMax = 1000;
/** Longer ones are rare, and would let a client fill memory. */
const textLengthMax = 1024;

function cached<Tree>(parse: (source: string) => Parsed<Tree>): (source: string) => Parsed<Tree> {
  const known = new Map<string, Parsed<Tree>>();
  return (source) => {
    const found = known.get(source);
    if (found !== undefined) return found;
    const parsed = parse(source);
    if (source.length > textLengthMax) return parsed;
    if (known.size >= textsMax) known.delete(known.keys().next().value!);
    known.set(source, parsed);
    return parsed;
  };
}

/** As `parseCondition`, remembering what was read before. */
export const readCondition: (source: string) => Parsed<Condition> = cached(parseCondition);
export const readProjection: (source: string) => Parsed<readonly PathNode[]> = cached(parseProjection);
export const readUpdate: (source: string) => Parsed<Update> = cached(parseUpdate);
