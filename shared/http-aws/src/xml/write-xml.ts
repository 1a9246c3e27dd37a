/** What an element holds: text, or elements that are written already. */
export type XmlContent = string | number | boolean;

// biome-ignore lint/suspicious/noControlCharactersInRegex: XML cannot hold them as they are
const special = /[&<>"\u0000-\u0008\u000b-\u001f\ufffe\uffff]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above
const specials = /[&<>"\u0000-\u0008\u000b-\u001f\ufffe\uffff]/g;

const escapes: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  // There is no way to write it.
  "\u0000": "\ufffd",
};

export function escapeXml(text: string): string {
  if (!special.test(text)) return text;
  return text.replace(
    specials,
    (character) => escapes[character] ?? `&#x${character.charCodeAt(0).toString(16)};`,
  );
}

/** An element with text; nothing where there is none. */
export function xmlText(name: string, value: XmlContent | undefined): string {
  if (value === undefined) return "";
  return `<${name}>${typeof value === "string" ? escapeXml(value) : value}</${name}>`;
}

/** An element with elements. */
export function xmlElement(name: string, ...content: readonly string[]): string {
  return `<${name}>${content.join("")}</${name}>`;
}

/** A whole document. */
export function xmlDocument(
  name: string,
  namespace: string | undefined,
  ...content: readonly string[]
): string {
  const attributes = namespace === undefined ? "" : ` xmlns="${namespace}"`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${name}${attributes}>${content.join("")}</${name}>`;
}
