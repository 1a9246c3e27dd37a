import { escapeHtml } from "@weftkit/http";
import type { Rendered } from "../content.ts";

/** A page to read: the rendered text with its table of contents. No scripts. */
export function documentPage(title: string, { html, toc }: Rendered): string {
  const entries = toc.map(
    ({ level, text, anchor }) =>
      `<li class="l${level}"><a href="#${escapeHtml(encodeURIComponent(anchor))}">${escapeHtml(text)}</a></li>`,
  );
  const contents = entries.length < 2 ? "" : `<nav aria-label="Contents"><ul>${entries.join("")}</ul></nav>`;
  return `<!doctype html>
<html>
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title><style>${style}</style></head>
<body>${contents}<main>
${html}
</main></body>
</html>
`;
}

const style = `
:root{color-scheme:light dark}
body{max-width:46rem;margin:2rem auto;padding:0 1.25rem;font:16px/1.6 system-ui,sans-serif}
nav{font-size:.9rem;border-left:3px solid #8885;padding-left:1rem;margin-bottom:2rem}
nav ul{list-style:none;padding:0;margin:0}.l2{padding-left:1rem}.l3{padding-left:2rem}.l4,.l5,.l6{padding-left:3rem}
pre{overflow-x:auto;padding:1rem;background:#8881;border-radius:6px}
code{font:.9em ui-monospace,monospace}img{max-width:100%}
table{border-collapse:collapse}th,td{border:1px solid #8885;padding:.3rem .7rem}
blockquote{margin:0;padding-left:1rem;border-left:3px solid #8885}
`;
