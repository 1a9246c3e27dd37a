/** The words of a text, as PostgreSQL's default parser tells them apart (documentation, 12.5). */

export type TokenType =
  | "asciiword"
  | "word"
  | "numword"
  | "email"
  | "url"
  | "host"
  | "sfloat"
  | "version"
  | "hword_numpart"
  | "hword_part"
  | "hword_asciipart"
  | "blank"
  | "tag"
  | "protocol"
  | "numhword"
  | "asciihword"
  | "hword"
  | "url_path"
  | "file"
  | "float"
  | "int"
  | "uint"
  | "entity";

export interface Token {
  readonly type: TokenType;
  readonly text: string;
}

const letter = "\\p{L}\\p{M}";
const word = `[${letter}][${letter}\\p{N}]*`;
const hostPart = "[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?";
const hostName = `(?!\\d+\\.)(?:${hostPart}\\.)+[A-Za-z0-9]+(?::\\d+)?(?![${letter}\\p{N}])`;
const path = "/[\\x21\\x23-\\x3b\\x3d\\x3f-\\x5b\\x5d\\x5f\\x61-\\x7a\\x7e]*";

const protocol = /[A-Za-z][A-Za-z0-9+.-]*:\/\//y;
const url = new RegExp(`(${hostName})(${path})`, "uy");
const host = new RegExp(hostName, "uy");
const email = new RegExp(`[A-Za-z0-9_][A-Za-z0-9_.+-]*@(?:${hostPart}\\.)+[A-Za-z][A-Za-z0-9]*`, "uy");
const tag = /<(?:!--[\s\S]*?--|\/?[A-Za-z][A-Za-z0-9:_-]*(?:\s[^<>]*)?\/?|\?[^<>]*\??|![A-Za-z][^<>]*)>/y;
const entity = /&(?:#\d+|#[xX][0-9A-Fa-f]+|[A-Za-z][A-Za-z0-9]*);/y;
const file =
  /[A-Za-z0-9][A-Za-z0-9.]*(?:\/[A-Za-z0-9_.-]*[A-Za-z0-9_])+|(?:~?\/|(?:\.\.\/)+)(?:[A-Za-z0-9_.][A-Za-z0-9_./-]*)?[A-Za-z0-9_]/y;
/(?:~?\/|(?:\.\.?\/)+)?[A-Za-z0-9_][A-Za-z0-9_.-]*(?:\/[A-Za-z0-9_.-]+)+\/?|(?:~?\/|(?:\.\.?\/)+)[A-Za-z0-9_.-]+/y;
const hyphenated = new RegExp(`${word}(?:-${word})+`, "uy");
const version = /\d+(?:\.\d+){2,}/y;
const sfloat = /[+-]?\d+(?:\.\d+)?[eE][+-]?\d+/y;
const float = /[+-]?\d+\.\d+/y;
const int = /[+-]\d+(?![\p{L}\p{N}])/uy;
const uint = /\d+(?![\p{L}\p{N}])/uy;
const plain = new RegExp(`[${letter}\\p{N}]+`, "uy");

function at(pattern: RegExp, text: string, from: number): RegExpExecArray | null {
  pattern.lastIndex = from;
  return pattern.exec(text);
}

function kindOf(text: string): "asciiword" | "word" | "numword" {
  if (/^[A-Za-z]+$/.test(text)) return "asciiword";
  return /\p{N}/u.test(text) ? "numword" : "word";
}

/** All tokens, blanks among them. */
export function* tokensOf(text: string): Generator<Token> {
  let blankFrom = 0;
  let place = 0;
  while (place < text.length) {
    const found = tokensAt(text, place);
    if (found === undefined) {
      place += text.codePointAt(place)! > 0xffff ? 2 : 1;
      continue;
    }
    if (blankFrom < place) yield { type: "blank", text: text.slice(blankFrom, place) };
    yield* found.tokens;
    place += found.length;
    blankFrom = place;
  }
  if (blankFrom < place) yield { type: "blank", text: text.slice(blankFrom, place) };
}

function tokensAt(
  text: string,
  from: number,
): { readonly tokens: readonly Token[]; readonly length: number } | undefined {
  const one = (type: TokenType, match: RegExpExecArray | null) =>
    match === null ? undefined : { tokens: [{ type, text: match[0] }], length: match[0].length };
  const char = text[from]!;
  if (char === "<") return one("tag", at(tag, text, from));
  if (char === "&") return one("entity", at(entity, text, from));
  const scheme = at(protocol, text, from);
  if (scheme !== null) return one("protocol", scheme);
  const mail = at(email, text, from);
  if (mail !== null) return one("email", mail);
  const dotted = at(version, text, from);
  if (dotted !== null) return one("version", dotted);
  const address = at(url, text, from);
  if (address !== null) {
    const [whole, name = "", rest = ""] = address;
    if (rest !== "/") {
      return {
        tokens: [
          { type: "url", text: whole },
          { type: "host", text: name },
          { type: "url_path", text: rest },
        ],
        length: whole.length,
      };
    }
  }
  const name = at(host, text, from);
  if (name !== null) return one("host", name);
  const number = at(sfloat, text, from) ?? undefined;
  if (number !== undefined) return one("sfloat", number);
  const decimal = at(float, text, from);
  if (decimal !== null) return one("float", decimal);
  const named = at(file, text, from);
  if (named !== null) return one("file", named);
  const signed = at(int, text, from);
  if (signed !== null) return one("int", signed);
  const compound = at(hyphenated, text, from);
  if (compound !== null) {
    const parts = compound[0].split("-");
    const kinds = parts.map(kindOf);
    const whole = kinds.every((kind) => kind === "asciiword")
      ? "asciihword"
      : kinds.includes("numword")
        ? "numhword"
        : "hword";
    const partTypes = { asciiword: "hword_asciipart", word: "hword_part", numword: "hword_numpart" } as const;
    // A number that follows has no sign.
    const rest =
      /^-(?=\d)/.exec(text.slice(from + compound[0].length, from + compound[0].length + 2))?.[0] ?? "";
    return {
      tokens: [
        { type: whole, text: compound[0] },
        ...parts.flatMap((part, i): Token[] => [
          ...(i === 0 ? [] : [{ type: "blank" as const, text: "-" }]),
          { type: partTypes[kinds[i]!], text: part },
        ]),
        ...(rest === "" ? [] : [{ type: "blank" as const, text: rest }]),
      ],
      length: compound[0].length + rest.length,
    };
  }
  const digits = at(uint, text, from);
  if (digits !== null) return one("uint", digits);
  const simple = at(plain, text, from);
  return simple === null ? undefined : one(kindOf(simple[0]), simple);
}
