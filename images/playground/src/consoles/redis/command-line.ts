import { PlaygroundError } from "../../errors.ts";

const escapes: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", b: "\b", a: "\x07" };

/**
 * Takes a line apart as redis-cli does: words between spaces; "..." with \n, \r, \t, \b, \a, \xHH; '...' with \' alone.
 *
 * @throws PlaygroundError `invalid_request` for quotes that do not end, or that something follows
 */
export function splitCommandLine(line: string): Buffer[] {
  const words: Buffer[] = [];
  let at = 0;
  const fail = () =>
    new PlaygroundError("invalid_request", "a quote does not end, or something follows it without a space");
  for (;;) {
    while (/\s/.test(line[at] ?? "")) at++;
    if (at >= line.length) return words;
    const parts: Buffer[] = [];
    const quote = line[at];
    if (quote !== '"' && quote !== "'") {
      const start = at;
      while (at < line.length && !/\s/.test(line[at]!)) at++;
      const word = line.slice(start, at);
      if (/["']/.test(word)) throw fail();
      words.push(Buffer.from(word));
      continue;
    }
    at++;
    for (;;) {
      const char = line[at];
      if (char === undefined) throw fail();
      if (char === quote) break;
      const hex = quote === '"' ? /^\\x([0-9a-fA-F]{2})/.exec(line.slice(at, at + 4))?.[1] : undefined;
      const next = line[at + 1];
      if (hex !== undefined) {
        parts.push(Buffer.from(hex, "hex"));
        at += 4;
      } else if (char === "\\" && next !== undefined && (quote === '"' || next === "'")) {
        parts.push(Buffer.from(quote === '"' ? (escapes[next] ?? next) : next));
        at += 2;
      } else {
        const code = String.fromCodePoint(line.codePointAt(at)!);
        parts.push(Buffer.from(code));
        at += code.length;
      }
    }
    at++;
    if (at < line.length && !/\s/.test(line[at]!)) throw fail();
    words.push(Buffer.concat(parts));
  }
}
