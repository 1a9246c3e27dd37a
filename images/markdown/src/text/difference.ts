import { structuredPatch } from "diff";

/** Lines that changed, with some around them. */
export interface Hunk {
  readonly oldStart: number;
  readonly oldLines: number;
  readonly newStart: number;
  readonly newLines: number;
  /** Each begins with a space (in both), a plus or a minus; `\` speaks of a missing newline. */
  readonly lines: readonly string[];
}

/** Comparing takes time with the square of the changes; texts that differ more are told as replaced. */
const editsMax = 2000;
const timeoutMs = 40;
const context = 3;

/** What turns one text into the other. */
export function patchBetween(from: string, to: string): readonly Hunk[] {
  if (from === to) return [];
  const options = { context, maxEditLength: editsMax, timeout: timeoutMs };
  const patch = structuredPatch("", "", from, to, undefined, undefined, options);
  return patch?.hunks ?? [replacement(from, to)];
}

function replacement(from: string, to: string): Hunk {
  const before = linesOf(from);
  const after = linesOf(to);
  return {
    oldStart: before.length === 0 ? 0 : 1,
    oldLines: before.length,
    newStart: after.length === 0 ? 0 : 1,
    newLines: after.length,
    lines: [...signed("-", before, from), ...signed("+", after, to)],
  };
}

function linesOf(text: string): string[] {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

function signed(sign: string, lines: readonly string[], text: string): string[] {
  const marked = lines.map((line) => sign + line);
  return text === "" || text.endsWith("\n") ? marked : [...marked, "\\ No newline at end of file"];
}

/** As `diff -u` writes it, and `patch` reads it. */
export function unifiedDiff(name: string, from: number, to: number, hunks: readonly Hunk[]): string {
  if (hunks.length === 0) return "";
  const blocks = hunks.map(({ oldStart, oldLines, newStart, newLines, lines }) =>
    [`@@ -${oldStart},${oldLines} +${newStart},${newLines} @@`, ...lines].join("\n"),
  );
  return `--- ${name}\tversion ${from}\n+++ ${name}\tversion ${to}\n${blocks.join("\n")}\n`;
}
