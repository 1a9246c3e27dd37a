/** What of XML a request's body is made of. */
export interface XmlElement {
  /** Without its prefix. */
  readonly name: string;
  /** By name without its prefix. */
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** Its own text, as it stands. */
  readonly text: string;
}

export class XmlError extends Error {
  override readonly name = "XmlError";
}

const depthMax = 32;
const elementsMax = 100_000;
const named: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };
const attribute = /\s+([A-Za-z_][\w.:-]*)\s*=\s*(?:"([^"<]*)"|'([^'<]*)')/y;
const tagName = /[A-Za-z_][\w.:-]*/y;

interface Open {
  readonly name: string;
  readonly qualified: string;
  readonly attributes: Map<string, string>;
  readonly children: XmlElement[];
  text: string;
}

/**
 * Reads a document: elements, attributes, text, CDATA and comments. Document types and entities of their own are
 * refused, so that nothing in it grows or is fetched.
 *
 * @throws XmlError
 */
export function parseXml(source: string): XmlElement {
  const stack: Open[] = [];
  let root: XmlElement | undefined;
  let elements = 0;
  let at = source.charCodeAt(0) === 0xfeff ? 1 : 0;
  const addText = (text: string) => {
    const open = stack.at(-1);
    if (open !== undefined) open.text += text;
    else if (text.trim() !== "") throw new XmlError("text outside of the document's element");
  };
  const close = (open: Open) => {
    const { name, attributes, children, text } = open;
    const element = { name, attributes, children, text };
    const parent = stack.at(-1);
    if (parent !== undefined) parent.children.push(element);
    else root = element;
  };
  while (at < source.length) {
    const less = source.indexOf("<", at);
    if (less !== at) addText(decoded(source.slice(at, less === -1 ? source.length : less)));
    if (less === -1) break;
    if (source.startsWith("<!--", less)) at = after(source, "-->", less + 4);
    else if (source.startsWith("<![CDATA[", less)) {
      at = after(source, "]]>", less + 9);
      addText(source.slice(less + 9, at - 3));
    } else if (source.startsWith("<?", less)) at = after(source, "?>", less + 2);
    else if (source.startsWith("</", less)) {
      const end = after(source, ">", less + 2);
      const open = stack.pop();
      if (open?.qualified !== source.slice(less + 2, end - 1).trim()) throw new XmlError("tags do not match");
      close(open);
      at = end;
    } else {
      if (root !== undefined) throw new XmlError("more than one element");
      if (++elements > elementsMax || stack.length >= depthMax) throw new XmlError("too many elements");
      tagName.lastIndex = less + 1;
      const qualified = tagName.exec(source)?.[0];
      if (qualified === undefined) throw new XmlError("this is not a tag");
      at = less + 1 + qualified.length;
      const attributes = new Map<string, string>();
      for (;;) {
        attribute.lastIndex = at;
        const match = attribute.exec(source);
        if (match === null) break;
        attributes.set(localName(match[1]!), decoded(match[2] ?? match[3] ?? ""));
        at += match[0].length;
      }
      const rest = /\s*(\/?)>/y;
      rest.lastIndex = at;
      const end = rest.exec(source);
      if (end === null) throw new XmlError("a tag has no end");
      at += end[0].length;
      const open: Open = { name: localName(qualified), qualified, attributes, children: [], text: "" };
      if (end[1] === "/") close(open);
      else stack.push(open);
    }
  }
  if (root === undefined || stack.length > 0) throw new XmlError("the document is not complete");
  return root;
}

/** The first child of that name. */
export function childOf(element: XmlElement, name: string): XmlElement | undefined {
  return element.children.find((child) => child.name === name);
}

export function childrenOf(element: XmlElement, name: string): readonly XmlElement[] {
  return element.children.filter((child) => child.name === name);
}

/** The text of the first child of that name, without white space around it. */
export function textOf(element: XmlElement, name: string): string | undefined {
  return childOf(element, name)?.text.trim();
}

function localName(name: string): string {
  return name.slice(name.indexOf(":") + 1);
}

function after(source: string, end: string, from: number): number {
  const found = source.indexOf(end, from);
  if (found === -1) throw new XmlError(`${end} is missing`);
  return found + end.length;
}

function decoded(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|(\w{1,8}));|&/g, (whole, decimal, hex, name) => {
    if (name !== undefined && Object.hasOwn(named, name)) return named[name]!;
    const code = decimal !== undefined ? Number(decimal) : hex === undefined ? -1 : Number.parseInt(hex, 16);
    if (code < 1 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
      throw new XmlError(`${whole} is not a character`);
    }
    return String.fromCodePoint(code);
  });
}
