import { join, relative } from "node:path";
import { confirm } from "@clack/prompts";
import type { Secret } from "../deployment/model.ts";
import { Failure } from "../terminal/failure.ts";
import { answered, canAsk } from "../terminal/interactive.ts";
import { paint } from "../terminal/paint.ts";
import { type GeneratedFile, type PlannedFile, planFile, writeFile } from "./generated.ts";
import { requireFolder } from "./output-folder.ts";
import { keepSecret } from "./secret.ts";
import { showDiff } from "./show-diff.ts";

export interface WriteOptions {
  /** Overwrites edited files. */
  readonly force?: true;
  /** Shows no differences. */
  readonly json?: true;
}

/** What became of a file. */
export interface Written {
  /** Relative to the output folder. */
  readonly path: string;
  readonly change: string;
}

/**
 * Writes files and makes the secrets that are not there yet, all or nothing: an edited file stops everything, unless the user agrees.
 *
 * @throws Failure `edited`
 */
export async function writeAll(
  out: string,
  generated: readonly GeneratedFile[],
  secrets: { readonly folder: string; readonly list: readonly Secret[] },
  { force, json }: WriteOptions,
): Promise<readonly Written[]> {
  requireFolder(out);
  const files = generated.map((file) => planFile(out, file));
  if (!json) for (const file of files) if (isDifferent(file)) showDiff(process.stdout, file);
  await agreeToOverwrite(files, force);
  for (const file of files) if (file.change !== "unchanged" && file.change !== "kept") writeFile(out, file);
  const kept = secrets.list.map(({ name, form }) => {
    const path = join(secrets.folder, name);
    return { path, change: keepSecret(join(out, path), form) };
  });
  return [
    ...files.map(({ path, change }) => ({ path, change: change === "edited" ? "overwritten" : change })),
    ...kept,
  ];
}

/** Tells what was written, a line each. */
export function printWritten(out: string, written: readonly Written[]): void {
  const folder = shortest(out);
  for (const { path, change } of written) {
    const style = change === "unchanged" || change === "kept" ? "dim" : "green";
    process.stdout.write(`${paint(process.stdout, style, change.padEnd(12))}${join(folder, path)}\n`);
  }
}

/** A path as people would type it: relative below the current folder, else absolute. */
export function shortest(path: string): string {
  const below = relative(process.cwd(), path) || ".";
  return below.startsWith("..") ? path : below;
}

function isDifferent({ change }: PlannedFile): boolean {
  return change === "updated" || change === "edited";
}

/** Resolves when nothing stands in the way, or --force or the user says so. */
async function agreeToOverwrite(files: readonly PlannedFile[], force = false): Promise<void> {
  const edited = files.filter(({ change }) => change === "edited").map(({ path }) => path);
  if (edited.length === 0 || force) return;
  const names = edited.join(", ");
  if (
    canAsk() &&
    answered(await confirm({ message: `${names} was edited. Overwrite?`, initialValue: false }))
  )
    return;
  throw new Failure(
    "edited",
    `not written by weftkit, or edited since: ${names}`,
    "Nothing was written. --out DIR writes elsewhere; --force overwrites.",
  );
}
