import { counted } from "../../terminal/quantities.ts";
import type { Copied } from "./destination.ts";

/** Says what was copied. */
export function reportCopied(
  done: string,
  { keys, databases, libraries, expired }: Copied,
  asJson: boolean,
): void {
  if (asJson) {
    const document = { keys, databases: [...databases].sort((a, b) => a - b), libraries, expired };
    process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
    return;
  }
  const more = [
    ...(libraries > 0 ? [`${libraries} ${libraries === 1 ? "library" : "libraries"} of functions`] : []),
    ...(expired > 0 ? [`left out ${counted(expired, "key")} whose time was over`] : []),
  ];
  const text = `${done} ${counted(keys, "key")} of ${counted(databases.size, "database")}`;
  process.stdout.write(`${[text, ...more].join("; ")}.\n`);
}
