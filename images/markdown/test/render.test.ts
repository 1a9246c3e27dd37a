import { describe, expect, test } from "vitest";
import { extract } from "../src/render/extract.ts";
import { renderHtml } from "../src/render/render-html.ts";
import { rewriteLinks } from "../src/render/rewrite-links.ts";

/** A page whose links to documents all lead somewhere but those to "missing". */
function page(markdown: string): string {
  return renderHtml(markdown, {
    resolve: (target) => (target.startsWith("missing") ? undefined : `/to/${encodeURIComponent(target)}`),
  }).html;
}

describe("GFM", () => {
  test("tables with alignment, inline markup and escaped bars", () => {
    const table = "| a | b |\n|:--|--:|\n| *x* | `1\\|2` |\n| short |\n";
    expect(page(table)).toBe(
      '<table>\n<thead>\n<tr>\n<th align="left">a</th>\n<th align="right">b</th>\n</tr>\n</thead>\n<tbody>\n' +
        '<tr>\n<td align="left"><em>x</em></td>\n<td align="right"><code>1|2</code></td>\n</tr>\n' +
        '<tr>\n<td align="left">short</td>\n<td align="right"></td>\n</tr>\n</tbody>\n</table>\n',
    );
  });

  test("a table needs a delimiter row with as many cells as its head", () => {
    expect(page("| a | b |\n|---|\n")).not.toContain("<table>");
  });

  test("task list items, checked and not", () => {
    const html = page("- [x] done\n- [ ] **to do**\n- [y] neither\n- [ ]not either\n");
    expect(html).toBe(
      '<ul class="contains-task-list">\n' +
        '<li class="task-list-item"><input class="task-list-item-checkbox" type="checkbox" disabled checked /> done</li>\n' +
        '<li class="task-list-item"><input class="task-list-item-checkbox" type="checkbox" disabled /> <strong>to do</strong></li>\n' +
        "<li>[y] neither</li>\n<li>[ ]not either</li>\n</ul>\n",
    );
  });

  test("task list items in an ordered list, in loose lists and inside others", () => {
    const html = page("1. [X] one\n\n2. [ ] two\n   - [ ] three\n");
    expect(html.match(/type="checkbox"/g)).toHaveLength(3);
    expect(html).toContain('<ol class="contains-task-list">');
  });

  test("a link in brackets at the beginning of an item is no task", () => {
    expect(page("- [x](https://example.com) a\n")).not.toContain("checkbox");
  });

  test("strikethrough", () => {
    expect(page("~~gone~~ and ~~~not")).toBe("<p><del>gone</del> and ~~~not</p>\n");
  });

  test.each([
    ["www.commonmark.org", "http://www.commonmark.org", "www.commonmark.org"],
    ["Visit www.commonmark.org/help for", "http://www.commonmark.org/help", "www.commonmark.org/help"],
    ["Visit www.commonmark.org.", "http://www.commonmark.org", "www.commonmark.org"],
    ["(https://a.org/b_(c))", "https://a.org/b_(c)", "https://a.org/b_(c)"],
    ["http://commonmark.org", "http://commonmark.org", "http://commonmark.org"],
    ["foo@bar.baz", "mailto:foo@bar.baz", "foo@bar.baz"],
    ["hello+xyz@mail.example", "mailto:hello+xyz@mail.example", "hello+xyz@mail.example"],
  ])("autolink in %s", (markdown, href, text) => {
    expect(page(markdown)).toMatch(new RegExp(`<a href="${escaped(href)}"[^>]*>${escaped(text)}</a>`));
  });

  test.each(["readme.md", "example.com", "//example.com", "ftp://example.com", "`www.a.org`"])(
    "no autolink in %s",
    (markdown) => {
      expect(page(markdown)).not.toContain("<a");
    },
  );
});

describe("pages", () => {
  test("headings have ids of their own, and the table of contents lists them", () => {
    const { html, toc } = renderHtml("# A *b* `c`\n\n## Same\n\n## Same\n\nSetext [[x|link]]\n---\n\n# \n", {
      resolve: () => undefined,
    });
    expect(toc).toEqual([
      { level: 1, text: "A b c", anchor: "user-content-a-b-c" },
      { level: 2, text: "Same", anchor: "user-content-same" },
      { level: 2, text: "Same", anchor: "user-content-same-1" },
      { level: 2, text: "Setext link", anchor: "user-content-setext-link" },
      { level: 1, text: "", anchor: "user-content-section" },
    ]);
    for (const { anchor } of toc) expect(html).toContain(`id="${anchor}"`);
  });

  test("wiki links lead where they are resolved, missing ones are marked", () => {
    expect(page("[[Getting started#First Steps|go]]")).toBe(
      '<p><a class="wiki-link" href="/to/Getting%20started#user-content-first-steps">go</a></p>\n',
    );
    expect(page("[[missing one]]")).toBe('<p><a class="wiki-link wiki-link-missing">missing one</a></p>\n');
    expect(page("[[#Below]]")).toBe('<p><a class="wiki-link" href="#user-content-below">#Below</a></p>\n');
  });

  test("images are shown from where they are, in brackets, by name and in HTML", () => {
    expect(page("![a](x.png) ![[y.png|300x200]] ![[z.svg|words]] ![w](https://a.b/w.png)")).toBe(
      '<p><img src="/to/x.png" alt="a" /> <img src="/to/y.png" alt="y.png" width="300" height="200" /> <img src="/to/z.svg" alt="words" /> <img src="https://a.b/w.png" alt="w" /></p>\n',
    );
    expect(page("![[note]]")).toBe('<p><a class="wiki-link" href="/to/note">note</a></p>\n');
    expect(page('<p align="center"><img width="10" src="a&amp;b.png"> <a href=\'c.md\'>c</a></p>')).toBe(
      '<p><img width="10" src="/to/a%26b.png" /> <a href="/to/c.md">c</a></p>',
    );
  });

  test("a tag that is named in prose swallows nothing", () => {
    const { html } = renderHtml("Put it into <script> or <STYLE>, and\n\ngo on.\n\n<title>x\n\nend", {
      resolve: () => undefined,
    });
    expect(html).toBe(
      "<p>Put it into &lt;script&gt; or &lt;STYLE&gt;, and</p>\n<p>go on.</p>\n&lt;title&gt;x\n<p>end</p>\n",
    );
    expect(extract("<script> is\n\nhere").plainText).toContain("here");
  });

  test("a long destination that is used often does not make a page of megabytes", () => {
    const text = `[a]: /${"x".repeat(10_000)}\n\n${"[a] ".repeat(3000)}`;
    expect(renderHtml(text, { resolve: () => undefined }).html.length).toBeLessThan(200_000);
    const few = renderHtml(`[a]: /${"x".repeat(1000)}\n\n${"[a] ".repeat(50)}`, { resolve: () => undefined });
    expect(few.html.match(/href="\/x/g)).toHaveLength(50);
  });

  test("links to documents are resolved, others stay as they are", () => {
    expect(page("[a](b.md#c) [d][r]\n\n[r]: ../r.md")).toBe(
      '<p><a href="/to/b.md#user-content-c">a</a> <a href="/to/..%2Fr.md">d</a></p>\n',
    );
    expect(page("[a](missing.md) [b](x.pdf) [c](#d)")).toBe(
      '<p><a href="missing.md">a</a> <a href="/to/x.pdf">b</a> <a href="#user-content-d">c</a></p>\n',
    );
    expect(page("[a](https://example.com/b.md)")).toContain('href="https://example.com/b.md" rel="nofollow"');
  });

  test("mermaid stays code", () => {
    expect(page("```mermaid\ngraph TD; A-->B\n```")).toBe(
      '<pre><code class="language-mermaid">graph TD; A--&gt;B\n</code></pre>\n',
    );
  });

  test("harmless HTML stays", () => {
    const html = "<details open><summary>more</summary><kbd>Ctrl</kbd> H<sub>2</sub>O</details>";
    expect(page(html)).toBe(html);
  });

  test("an unclosed or unopened element does not reach beyond the document", () => {
    expect(page("</div></article><b>bold")).toBe("<b>bold</b>");
    expect(page("<div><div><span>x")).toMatch(/<\/span><\/div><\/div>$/);
  });

  test("an id in HTML has the prefix, and a link to it finds it", () => {
    expect(page('<span id="here">x</span> <a href="#here">y</a>')).toBe(
      '<p><span id="user-content-here">x</span> <a href="#user-content-here">y</a></p>\n',
    );
  });
});

describe("extract", () => {
  test("the title is the first heading of level 1 with text", () => {
    expect(extract("## no\n\n#\n\n# The *title*\n\n# second").title).toBe("The title");
    expect(extract("no heading").title).toBeUndefined();
  });

  test("the text has code and descriptions of images, and no tags", () => {
    const { plainText } = extract(
      "a *b* ![pic](x.png)\n\n```js\nconst x = 1 < 2;\n```\n\n<div class=c>in &amp; out<script>bad()</script></div>\n\n| h |\n|---|\n| `cell` <i>it</i> |\n\n- [x] task\n",
    );
    expect(plainText.split("\n")).toEqual(
      ["a b pic", "const x = 1 < 2;", "", "in & out<script>bad()</script>", "h", "cell it", "task"].filter(
        Boolean,
      ),
    );
  });

  test("links are where they are, in any block, with any line ends", () => {
    const blocks = [
      "# H [[in heading]] #",
      '> quote [[A b]] and\nlazy [m](a/b.md#x "t")\n> > deeper\t[[c|L]]',
      "- item [n](<my doc.md>)\n\n  1. inner\n     [[d#e|f]]",
      "Setext [q](q%20q.md)\n=====",
      "| a | [[t\\|u]] |\n|--|--|\n| `x\\|y` [z](z.md) | [[w]] |",
      "[ref]: ref.md#hash 'T'",
      "> [two\n> lines]:\n>   two.md",
      "*[*emphasis*](in.md)*\\\nhard [break](br.md)",
    ];
    for (const lineEnd of ["\n", "\r\n", "\r"]) {
      for (const start of ["", "\uFEFF"]) {
        const text = start + blocks.join("\n\n").replaceAll("\n", lineEnd);
        const written = extract(text).links.map((link) =>
          text.slice(link.start, link.end).replaceAll(lineEnd, "\n"),
        );
        expect(written).toEqual([
          "[[in heading]]",
          "[[A b]]",
          '[m](a/b.md#x "t")',
          "[[c|L]]",
          "[n](<my doc.md>)",
          "[[d#e|f]]",
          "[q](q%20q.md)",
          "[[t\\|u]]",
          "[z](z.md)",
          "[[w]]",
          "[ref]: ref.md#hash",
          "[two\n> lines]:\n>   two.md",
          "[*emphasis*](in.md)",
          "[break](br.md)",
        ]);
      }
    }
  });

  test("targets, anchors and labels are read as they are meant", () => {
    expect(extract("[[ A%20b # c d | e ]] [*x* `y`](p%20q.md#r%20s) [q](a.md?v=1#w)").links).toMatchObject([
      { kind: "wiki", target: "A b", anchor: "c d", label: "e" },
      { kind: "markdown", target: "p q.md", anchor: "r s", label: "x y" },
      { kind: "markdown", target: "a.md", anchor: "w", label: "q" },
    ]);
  });

  test("images and files are links to attachments, with their places", () => {
    const markdown =
      '> ![a b](<i m.png> "t") [f](files/x.pdf#page=2) ![[p.png|300]] [![in](in.svg)](out.md)\n\n![r][r]\n\n[r]: r.gif';
    const links = extract(markdown).links;
    expect(links.map(({ kind, target, anchor, label }) => [kind, target, anchor, label])).toEqual([
      ["file", "i m.png", undefined, "a b"],
      ["file", "files/x.pdf", "page=2", "f"],
      ["wiki", "p.png", undefined, "300"],
      ["markdown", "out.md", undefined, "in"],
      ["file", "in.svg", undefined, "in"],
      ["file", "r.gif", undefined, "r"],
    ]);
    expect(links.map(({ start, end }) => markdown.slice(start, end))).toEqual([
      '![a b](<i m.png> "t")',
      "[f](files/x.pdf#page=2)",
      "![[p.png|300]]",
      "[![in](in.svg)](out.md)",
      "![in](in.svg)",
      "[r]: r.gif",
    ]);
  });

  test.each([
    "`[[code]]`",
    "```\n[[fence]] [a](b.md)\n```",
    "    [[indented]]",
    "<div>\n[[html]] [a](b.md)\n</div>",
    "<!-- [[comment]] -->",
    "\\[[escaped]]",
    "[[two\nlines]]",
    "[[]] [[ | x]] [[#own]]",
    "[mail](mailto:a@b.c) [web](https://a.b/c.md) [host](//a.b/c.md) [own](#a) []()",
    "<https://a.b/c.md>",
    "[unused]",
  ])("no link in %j", (markdown) => {
    expect(extract(markdown).links).toEqual([]);
  });

  test("a bar may have its backslash outside of tables, too", () => {
    const [link] = extract("[[a b\\|c]]").links;
    expect(link).toMatchObject({ target: "a b", label: "c" });
  });

  test("of definitions with the same label the first counts", () => {
    expect(extract("[a]: one.md\n\n[A]: two.md\n").links.map(({ target }) => target)).toEqual(["one.md"]);
  });
});

describe("rewriteLinks", () => {
  test("only targets change", () => {
    const text =
      "\uFEFF[[old#a|l]]\r\n> [x](<old.md#b> 't')\r\n\r\n| [[old\\|z]] |\r\n|--|\r\n\r\n[r]: old.md?q\r\n`[[old]]`";
    const rewritten = rewriteLinks(text, (target, kind) => {
      if (kind === "wiki") return target === "old" ? "new" : undefined;
      return target === "old.md" ? "sub/new.md" : undefined;
    });
    expect(rewritten).toBe(
      "\uFEFF[[new#a|l]]\r\n> [x](<sub/new.md#b> 't')\r\n\r\n| [[new\\|z]] |\r\n|--|\r\n\r\n[r]: sub/new.md?q\r\n`[[old]]`",
    );
  });

  test("nothing changes when nothing is rewritten", () => {
    const text = "[[a]] [b](c.md)\r\n\0\uFEFF";
    expect(rewriteLinks(text, () => undefined)).toBe(text);
  });

  test("whatever the new target is, it is read back as it was meant", () => {
    const targets = [
      "a b",
      "ü/日本",
      "x|y",
      "[z]",
      "100%",
      "a#b?c",
      "q&amp;r",
      "`t`",
      "<u>",
      "a)b(c",
      "d\\e",
      'f"g',
      "*h*",
      "i:j",
      "k\u00a0l",
      "~m~",
    ];
    const texts = [
      "[[o]]",
      "[x](o.md)",
      "[x](<o.md>)",
      "[x][r]\n\n[r]: o.md",
      "| [[o]] `c` | [x](o.md) |\n|-|-|",
    ];
    for (const target of targets) {
      for (const text of texts) {
        const rewritten = rewriteLinks(text, (_old, kind) => (kind === "wiki" ? target : `${target}.md`));
        const expected = extract(text).links.map(({ kind }) => (kind === "wiki" ? target : `${target}.md`));
        expect(
          extract(rewritten).links.map((link) => link.target),
          rewritten,
        ).toEqual(expected);
      }
    }
  });
});

describe("hostile texts end", () => {
  const many = 5000;
  test.each([
    ["nested brackets", "[".repeat(many)],
    ["nested links", "[a](".repeat(many)],
    ["nested images", "![".repeat(many)],
    ["wiki openings", "[[".repeat(many)],
    ["wiki openings with targets", "[[a|".repeat(many)],
    ["unclosed emphasis", "*a **b _".repeat(many)],
    ["emphasis of all lengths", "a**b".repeat(many) + "c*".repeat(many)],
    ["strikethrough", "~~a ".repeat(many)],
    ["backticks of all lengths", Array.from({ length: 400 }, (_, index) => "`".repeat(index)).join(" ")],
    ["nested block quotes", ">".repeat(many)],
    ["nested lists", Array.from({ length: 1000 }, (_, index) => `${" ".repeat(index * 2)}- a`).join("\n")],
    ["a wide table", `${"|a".repeat(many)}\n${"|-".repeat(many)}\n|b\n`],
    ["a long table with few cells", `|a|b|c|\n|-|-|-|\n${"|x\n".repeat(many)}`],
    ["definitions", Array.from({ length: many }, (_, index) => `[r${index}]: a${index}.md\n`).join("")],
    ["references without definitions", "[a][b] ".repeat(many)],
    ["HTML openings", "<a ".repeat(many)],
    ["nested elements", "<div>".repeat(many)],
    ["comments", "<!-- ".repeat(many)],
    ["processing instructions", "<?".repeat(many)],
    ["entities", "&#1234567;&amp".repeat(many)],
    ["autolinks", "www.a.www.".repeat(many)],
    ["mail addresses", `${"a.".repeat(many)}@${"b.".repeat(many)}`],
    ["escapes", "\\[".repeat(many)],
  ])("%s", (_name, markdown) => {
    const { links } = extract(markdown);
    for (const link of links) expect(link.end).toBeLessThanOrEqual(markdown.length);
    expect(page(markdown).length).toBeLessThan(markdown.length * 60 + 10_000);
    expect(rewriteLinks(markdown, () => undefined)).toBe(markdown);
  });
});

function escaped(text: string): string {
  return text.replace(/[$()*+.?[\\\]^{|}]/g, "\\$&");
}
