import MarkdownIt, { type Token } from "markdown-it";
import { type ComponentChild, h } from "preact";

const parser = new MarkdownIt({ html: false, linkify: false });

/** `[[name]]`, `[[name#part|label]]`: links between documents of a collection. */
parser.inline.ruler.before("link", "wiki-link", (state, isSilent) => {
  const found = /^\[\[([^\]|#\n]*)(#[^\]|\n]*)?(?:\|([^\]\n]*))?\]\]/.exec(state.src.slice(state.pos));
  if (found === null) return false;
  if (!isSilent) {
    const [, target = "", , label] = found;
    const token = state.push("wiki_link", "a", 0);
    token.content = label ?? target;
    token.meta = { target: target.trim() };
  }
  state.pos += found[0].length;
  return true;
});

/** What is drawn as it is; all other elements are none of Markdown's. */
const elements = new Set(
  "p h1 h2 h3 h4 h5 h6 ul ol li blockquote em strong s table thead tbody tr th td hr br code pre".split(" "),
);
const alignments: Readonly<Record<string, string>> = {
  "text-align:left": "left",
  "text-align:right": "right",
  "text-align:center": "center",
};

export interface MarkdownProps {
  readonly text: string;
  /** A link to another document was chosen. */
  onLink(target: string): void;
}

/** Markdown as elements. It goes through no HTML: what stands in a text stays text, and of links only those to the web lead out. */
export function Markdown({ text, onLink }: MarkdownProps) {
  const tokens = parser.parse(withoutFrontMatter(text), {});
  return <article class="markdown">{draw(tokens, onLink)}</article>;
}

/** What stands above the text, between lines of dashes. */
export function withoutFrontMatter(text: string): string {
  return text.replace(/^---\r?\n[\s\S]*?\r?\n---(?:\r?\n|$)/, "");
}

interface Open {
  readonly token: Token | undefined;
  readonly children: ComponentChild[];
}

function draw(tokens: readonly Token[], onLink: (target: string) => void): ComponentChild[] {
  const root: Open = { token: undefined, children: [] };
  const open = [root];
  for (const token of tokens) {
    const { children } = open.at(-1)!;
    if (token.nesting === 1) open.push({ token, children: [] });
    else if (token.nesting === -1) {
      const { token: opening, children: inner } = open.pop()!;
      const { children } = open.at(-1)!;
      // A tight list has paragraphs that are not to be seen.
      if (opening!.hidden) children.push(...inner);
      else children.push(element(opening!, inner, onLink));
    } else children.push(leaf(token, onLink));
  }
  return root.children;
}

function element(token: Token, children: ComponentChild[], onLink: (target: string) => void): ComponentChild {
  if (token.tag === "a") return link(String(token.attrGet("href") ?? ""), children, onLink);
  if (!elements.has(token.tag)) return children;
  const align = alignments[token.attrGet("style") ?? ""];
  const start = token.attrGet("start");
  return h(
    token.tag,
    { ...(align !== undefined && { align }), ...(start !== null && { start }) } as object,
    children,
  );
}

function leaf(token: Token, onLink: (target: string) => void): ComponentChild {
  switch (token.type) {
    case "inline":
      return draw(token.children ?? [], onLink);
    case "text":
      return token.content;
    case "code_inline":
      return <code>{token.content}</code>;
    case "fence":
    case "code_block":
      return (
        <pre tabIndex={0}>
          <code>{token.content}</code>
        </pre>
      );
    case "softbreak":
      return "\n";
    case "hardbreak":
      return <br />;
    case "hr":
      return <hr />;
    case "wiki_link":
      return link(String(token.meta?.target), [token.content], onLink);
    case "image":
      // The page loads nothing from elsewhere.
      return <span class="image">🖼 {token.content || String(token.attrGet("src"))}</span>;
    default:
      return token.content;
  }
}

function link(target: string, children: ComponentChild[], onLink: (target: string) => void): ComponentChild {
  if (/^https?:\/\//i.test(target)) {
    return (
      <a href={target} target="_blank" rel="noreferrer noopener">
        {children}
      </a>
    );
  }
  if (/^(?:[a-z][a-z0-9+.-]*:|#)/i.test(target)) return <span>{children}</span>;
  return (
    <button type="button" class="link" onClick={() => onLink(target)}>
      {children}
    </button>
  );
}
