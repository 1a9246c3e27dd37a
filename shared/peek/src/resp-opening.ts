/** The user that the first command logs in as: AUTH, or HELLO with AUTH; undefined when it does not say. */
export function readRespUser(bytes: Buffer): string | undefined {
  const words = firstCommand(bytes);
  const name = words[0]?.toUpperCase();
  if (name === "AUTH" && words.length === 3) return words[1];
  if (name !== "HELLO") return undefined;
  const auth = words.findIndex((word, index) => index > 1 && word.toUpperCase() === "AUTH");
  return auth === -1 ? undefined : words[auth + 1];
}

/** Words of the first command, as far as they have come; binary ones are none of those that are looked for. */
function firstCommand(bytes: Buffer): string[] {
  const text = bytes.toString("latin1", 0, 1024);
  if (!text.startsWith("*")) return text.split("\r\n", 1)[0]!.trim().split(/\s+/);
  const lines = text.split("\r\n");
  const count = Number(lines[0]!.slice(1));
  const words: string[] = [];
  for (let index = 0; index < count && index < 8; index++) {
    const word = lines[2 + 2 * index];
    if (word === undefined) break;
    words.push(word);
  }
  return words;
}
