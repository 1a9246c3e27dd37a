import { createTwoFilesPatch, FILE_HEADERS_ONLY } from "diff";
import { paint } from "../terminal/paint.ts";
import type { PlannedFile } from "./generated.ts";

const styles: readonly (readonly [prefix: string, style: Parameters<typeof paint>[1]])[] = [
  ["---", "bold"],
  ["+++", "bold"],
  ["@@", "cyan"],
  ["-", "red"],
  ["+", "green"],
];

/** A unified diff between what is there and what would be written; coloured on a terminal. */
export function showDiff(stream: NodeJS.WriteStream, file: PlannedFile): void {
  const patch = createTwoFilesPatch(
    file.path,
    file.path,
    file.before,
    file.content,
    "as it is",
    "generated",
    {
      headerOptions: FILE_HEADERS_ONLY,
    },
  );
  stream.write(
    patch
      .split("\n")
      .map((line) => colour(stream, line))
      .join("\n"),
  );
}

function colour(stream: NodeJS.WriteStream, line: string): string {
  const style = styles.find(([prefix]) => line.startsWith(prefix))?.[1];
  return style === undefined ? line : paint(stream, style, line);
}
