import type { RegisteredCommand } from "../command-table/registry.ts";
import type { Args } from "../protocol/args.ts";

/** The session whose command is shown. */
export interface Monitored {
  readonly args: Args;
  readonly db: { readonly index: number };
  readonly address: string;
  /** What it runs is called by a script. */
  readonly isInScript: boolean;
}

const SECRET = new Set(["auth", "hello", "migrate", "acl|setuser"]);
const SECRET_PARAMETERS = new Set(["requirepass", "masterauth", "masteruser"]);

/** Commands whose arguments may be passwords. */
export function isSecret(command: RegisteredCommand, args?: Args): boolean {
  if (command.fullName !== "config|set" || args === undefined) return SECRET.has(command.fullName);
  return args.copyAll().some((word) => SECRET_PARAMETERS.has(word.toString("latin1").toLowerCase()));
}

/**
 * How MONITOR shows a command: `1339518083.107412 [0 127.0.0.1:60866] "get" "key"`, with passwords left out; undefined
 * for what it does not show.
 */
export function monitorLine(session: Monitored, command: RegisteredCommand, now: number): string | undefined {
  // A script is shown, before the commands that it calls.
  const isSkipped = command.flags.includes("skip_monitor") && command.group !== "scripting";
  if (isSkipped || command.flags.includes("admin")) return undefined;
  const { args } = session;
  const words = Array.from({ length: args.count }, (_, index) =>
    index > 0 && isSecret(command) ? '"(redacted)"' : quote(args.view(index)),
  );
  const seconds = `${Math.floor(now / 1000)}.${String((now % 1000) * 1000).padStart(6, "0")}`;
  return `${seconds} [${session.db.index} ${session.isInScript ? "lua" : session.address}] ${words.join(" ")}`;
}

const NAMED_ESCAPES: Record<number, string> = {
  10: "\\n",
  13: "\\r",
  9: "\\t",
  7: "\\a",
  8: "\\b",
  34: '\\"',
  92: "\\\\",
};

/** Bytes in quotes, with what is not printable escaped (Redis, sdscatrepr). */
function quote(bytes: Buffer): string {
  let text = '"';
  for (const byte of bytes) {
    const named = NAMED_ESCAPES[byte];
    if (named !== undefined) text += named;
    else if (byte >= 0x20 && byte < 0x7f) text += String.fromCharCode(byte);
    else text += `\\x${byte.toString(16).padStart(2, "0")}`;
  }
  return `${text}"`;
}
