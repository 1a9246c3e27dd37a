/** How deep arrays and objects may be inside each other. */
export const jsonDepthMax = 32;
/** How many values a JSON body may have in all; each costs memory of a multiple of its bytes. */
export const jsonValuesMax = 100_000;

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/**
 * What makes JSON text too costly to parse, or undefined. It looks at brackets, commas and strings only, so that a few
 * megabytes of brackets never become millions of objects; whether the text is JSON, the parser says.
 */
export function excessOf(text: Buffer): string | undefined {
  let depth = 0;
  let values = 1;
  for (let i = 0; i < text.length; i++) {
    switch (text[i]) {
      case quote:
        i = endOfString(text, i + 1);
        break;
      case openBracket:
      case openBrace:
        depth++;
        values++;
        if (depth > jsonDepthMax) return `it is nested deeper than ${jsonDepthMax} levels`;
        break;
      case closeBracket:
      case closeBrace:
        depth--;
        break;
      case comma:
        values++;
        if (values > jsonValuesMax) return `it has more than ${jsonValuesMax} values`;
        break;
    }
  }
  return undefined;
}

/** The offset of the quote that ends the string. */
function endOfString(text: Buffer, from: number): number {
  let end = text.indexOf(quote, from);
  while (end !== -1 && isEscaped(text, end, from)) end = text.indexOf(quote, end + 1);
  return end === -1 ? text.length : end;
}

function isEscaped(text: Buffer, at: number, from: number): boolean {
  let backslashes = 0;
  while (at - backslashes - 1 >= from && text[at - backslashes - 1] === backslash) backslashes++;
  return backslashes % 2 === 1;
}
