import { splitInline } from "../protocol/request.ts";
import { ScriptError } from "./script-error.ts";

/** What a script says of itself in its first line (Redis, "Script flags"). */
export interface ScriptFlags {
  /** It has no such line: it is held to what it does. */
  readonly isUndeclared: boolean;
  readonly writesNothing: boolean;
  readonly allowsOutOfMemory: boolean;
}

const KNOWN = new Set(["no-writes", "allow-oom", "allow-stale", "no-cluster", "allow-cross-slot-keys"]);

/** Flags by their names; throws for an unknown one, which `unknown` names. */
export function flagsOf(names: Iterable<string>, unknown: (name: string) => string): ScriptFlags {
  const given = new Set(names);
  for (const name of given) if (!KNOWN.has(name)) throw new ScriptError(unknown(name));
  return {
    isUndeclared: false,
    writesNothing: given.has("no-writes"),
    allowsOutOfMemory: given.has("allow-oom"),
  };
}

/** The flags of a script of EVAL, and the bytes of the line that has them. Throws ScriptError. */
export function parseShebang(body: Buffer): { flags: ScriptFlags; length: number } {
  if (body[0] !== 0x23 || body[1] !== 0x21)
    return { flags: { isUndeclared: true, writesNothing: false, allowsOutOfMemory: false }, length: 0 };
  const end = body.indexOf(0x0a);
  if (end < 0) throw new ScriptError("ERR Invalid script shebang");
  const words = splitInline(body.subarray(0, end));
  if (words === undefined) throw new ScriptError("ERR Invalid engine in script shebang");
  const [engine, ...parts] = words.map((word) => word.toString("latin1"));
  if (engine !== "#!lua") throw new ScriptError(`ERR Unexpected engine in script shebang: ${engine}`);
  const names: string[] = [];
  for (const part of parts) {
    if (!part.startsWith("flags=")) throw new ScriptError(`ERR Unknown lua shebang option: ${part}`);
    names.push(...part.slice("flags=".length).split(",").filter(Boolean));
  }
  // The line's end stays, so that errors name the lines of the whole.
  return { flags: flagsOf(names, (name) => `ERR Unexpected flag in script shebang: ${name}`), length: end };
}

/** Whether a script of EVAL says that it writes nothing; one that cannot be read says nothing. */
export function writesNothing(body: Buffer): boolean {
  try {
    return parseShebang(body).flags.writesNothing;
  } catch (error) {
    if (error instanceof ScriptError) return false;
    throw error;
  }
}
