import { styleText } from "node:util";

/** Colours `text` where the stream is a terminal (and NO_COLOR is not set); elsewhere the text as it is. */
export function paint(
  stream: NodeJS.WriteStream,
  style: Parameters<typeof styleText>[0],
  text: string,
): string {
  return styleText(style, text, { stream });
}
