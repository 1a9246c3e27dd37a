import { createHash } from "node:crypto";

// The first line of a generated file holds a checksum of the rest. So a file that nobody edited can be told from one
// that somebody did, without a list kept elsewhere that could be lost or go stale.

/** How a file's format writes a comment. */
const comments = {
  hash: (text: string) => `# ${text}`,
  html: (text: string) => `<!-- ${text} -->`,
};

export type CommentStyle = keyof typeof comments;

const notice = "Written by weftkit compose; edits are kept. Checksum";
const sealed = new RegExp(`^.*${notice} ([0-9a-f]{16}).*\n`);

/** Puts the seal in front of the content. */
export function seal(content: string, style: CommentStyle): string {
  return `${comments[style](`${notice} ${checksum(content)}`)}\n${content}`;
}

/** Whether the text still is what was generated. */
export function isIntact(text: string): boolean {
  const match = sealed.exec(text);
  return match !== null && match[1] === checksum(text.slice(match[0].length));
}

/** The text without its seal, to compare and to show. */
export function unseal(text: string): string {
  return text.replace(sealed, "");
}

function checksum(content: string): string {
  return createHash("sha256").update(content).digest("hex").slice(0, 16);
}
