/** How the command can end. `weftkit up` ends with the highest code of its engines beside these. */
export const exitCodes = {
  ok: { code: 0, meaning: "done" },
  failed: { code: 1, meaning: "failed; the message says why" },
  usage: { code: 2, meaning: "wrong arguments, or something that is not built yet" },
  edited: {
    code: 3,
    meaning: "files that exist or were edited by hand stand in the way; nothing was written",
  },
  unavailable: { code: 69, meaning: "up: a port is taken; persist: the endpoint does not answer" },
  software: { code: 70, meaning: "up: an engine failed" },
  notSaved: { code: 75, meaning: "up: an engine stopped before everything was saved" },
  configuration: { code: 78, meaning: "the configuration has mistakes" },
} as const;

/** The list for `--help`. */
export function exitCodeHelp(): string {
  const lines = Object.values(exitCodes).map(({ code, meaning }) => `  ${String(code).padEnd(4)}${meaning}`);
  return `\nExit codes:\n${lines.join("\n")}`;
}
