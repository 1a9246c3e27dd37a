import { createHash } from "node:crypto";

// The first line of a generated file holds a checksum of the rest. So a file that nobody edited can be told from one
// that somebody did, without a list kept elsewhere that could be lost or go stale.

/** A way to begin a file with a remark that its format passes over. */
interface Style {
  line(text: string): string;
  /** What the content begins with that the remark's line has itself. */
  readonly opening: string;
}

const styles = {
  hash: { line: (text) => `# ${text}`, opening: "" },
  html: { line: (text) => `<!-- ${text} -->`, opening: "" },
  /** A template of a Helm chart, of which nothing is printed. */
  template: { line: (text) => `{{- /* ${text} */ -}}`, opening: "" },
  /** JSON has no comments, and schemas have a field for them. */
  json: { line: (text) => `{ "$comment": "${text}",`, opening: "{\n" },
} as const satisfies Record<string, Style>;

export type CommentStyle = keyof typeof styles;

const notice = "Written by weftkit; edits are kept. Checksum";
/** Earlier versions named the command. */
const sealed = /^.*Written by weftkit(?: compose)?; edits are kept\. Checksum ([0-9a-f]{16}).*\n/;

/** Puts the seal in front of the content. */
export function seal(content: string, style: CommentStyle): string {
  const { line, opening } = styles[style];
  return `${line(`${notice} ${checksum(content)}`)}\n${content.slice(opening.length)}`;
}

/** Whether the text still is what was generated. */
export function isIntact(text: string): boolean {
  return sealed.exec(text)?.[1] === checksum(unseal(text));
}

/** The text without its seal, to compare and to show. */
export function unseal(text: string): string {
  const [first] = sealed.exec(text) ?? [""];
  return `${first.startsWith("{ ") ? styles.json.opening : ""}${text.slice(first.length)}`;
}

function checksum(content: string): string {
  return createHash("sha256").update(content).digest("hex").slice(0, 16);
}
