import type { RuleFault } from "./selector.ts";

/** Redis's texts (ACLSetUserStringError). */
export const FAULT_TEXTS: Readonly<Record<RuleFault, string>> = {
  unknown: "Unknown command or category name in ACL",
  syntax: "Syntax error",
  "all keys":
    "Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does not have any effect. Try 'resetkeys' to start with an empty list of patterns",
  "all channels":
    "Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and does not have any effect. Try 'resetchannels' to start with an empty list of channels",
  "no such password": "The password you are trying to remove from the user does not exist",
  "no hash":
    "The password hash must be exactly 64 characters and contain only lowercase hexadecimal characters",
  "argument of a subcommand": "Allowing first-arg of a subcommand is not supported",
};

/** Puts selectors that came as several words together; or the word at which one begins that does not end. */
export function mergeSelectors(words: readonly string[]): { rules: string[] } | { unmatched: string } {
  const rules: string[] = [];
  let open: string[] | undefined;
  for (const word of words) {
    if (open === undefined && word.startsWith("(") && !word.endsWith(")")) open = [word];
    else if (open === undefined) rules.push(word);
    else {
      open.push(word);
      if (!word.endsWith(")")) continue;
      rules.push(open.join(" "));
      open = undefined;
    }
  }
  return open === undefined ? { rules } : { unmatched: open[0]! };
}
