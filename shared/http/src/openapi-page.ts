import type { TSchema } from "typebox";
import { escapeHtml } from "./escape-html.ts";
import { exampleRequest } from "./example-request.ts";
import type { ApiInfo } from "./openapi.ts";
import type { Bodies, Route } from "./route.ts";

/** The API for people: one page without scripts, drawn from the same routes as the OpenAPI document. */
export function documentationPage(routes: readonly Route[], info: ApiInfo): string {
  const tags = Object.entries(info.tags).map(([tag, description]) => ({
    tag,
    description,
    routes: routes.filter((route) => route.tag === tag),
  }));
  const menu = tags.map(
    ({ tag, routes: own }) =>
      `<li><strong>${escapeHtml(tag)}</strong><ul>${own
        .map((route) => `<li><a href="#${route.operation}">${escapeHtml(route.summary)}</a></li>`)
        .join("")}</ul></li>`,
  );
  const sections = tags.map(
    ({ tag, description, routes: own }) =>
      `<section><h2>${escapeHtml(tag)}</h2><p>${inline(description)}</p>${own.map((route) => operation(route, info.prefix)).join("")}</section>`,
  );
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(info.title)}</title><style>${style}</style></head>
<body><nav><h1>${escapeHtml(info.title)}</h1><p><a href="${info.prefix}/openapi.json">openapi.json</a> · version ${escapeHtml(info.version)}</p><ul>${menu.join("")}</ul></nav>
<main>${info.description
    .split("\n\n")
    .map((text) => `<p>${inline(text)}</p>`)
    .join("")}${sections.join("")}</main></body></html>
`;
}

function operation(route: Route, prefix: string): string {
  const { method, operation: name, summary, description, params, query, body, responses, problems } = route;
  const path = escapeHtml(prefix + route.path.replace("...}", "}")).replaceAll(/\{\w+\}/g, "<i>$&</i>");
  const answers = Object.entries(responses).map(
    ([status, { description: text, content }]) =>
      `<tr><td><b>${status}</b></td><td>${inline(text)} ${Object.keys(content ?? {})
        .map((type) => `<code>${escapeHtml(type)}</code>`)
        .join(" ")}</td></tr>`,
  );
  const failures = problems.map(
    ({ type }) =>
      `<tr><td>${type.status}</td><td><code>${type.name}</code> ${escapeHtml(type.title)}</td></tr>`,
  );
  return `<article id="${name}"><h3>${escapeHtml(summary)}</h3>
<p class="call"><span class="${method}">${method}</span> <code>${path}</code></p>
${description === undefined ? "" : `<p>${inline(description)}</p>`}
${table("Path", params)}${table("Query", query)}${bodies(body)}
<h4>Example</h4><pre>${escapeHtml(exampleRequest(route, prefix))}</pre>
<h4>Answers</h4><table>${answers.join("")}${failures.join("")}</table>${answerFields(responses)}</article>`;
}

/** What is in the answers that are JSON. */
function answerFields(responses: Route["responses"]): string {
  return Object.entries(responses)
    .flatMap(([status, { content = {} }]) =>
      Object.values(content).map((schema) => (schema === undefined ? "" : table(`Answer ${status}`, schema))),
    )
    .join("");
}

function bodies(body: Bodies | undefined): string {
  return Object.entries(body ?? {})
    .map(([type, one]) =>
      one.kind === "json" ? table(`Body, ${type}`, one.schema) : `<h4>Body, ${escapeHtml(type)}</h4>`,
    )
    .join("");
}

function table(title: string, schema: TSchema): string {
  const { properties = {}, required = [] } = schema as {
    properties?: Readonly<Record<string, TSchema>>;
    required?: readonly string[];
  };
  const rows = Object.entries(properties).map(([name, property]) => {
    const { description = "" } = property as { description?: string };
    const mark = required.includes(name) ? " <em>required</em>" : "";
    return `<tr><td><code>${escapeHtml(name)}</code>${mark}</td><td>${escapeHtml(typeOf(property))}</td><td>${inline(description)}</td></tr>`;
  });
  return rows.length === 0 ? "" : `<h4>${escapeHtml(title)}</h4><table>${rows.join("")}</table>`;
}

function typeOf(schema: TSchema): string {
  const {
    type,
    items,
    anyOf,
    enum: choices,
  } = schema as {
    type?: string;
    items?: TSchema;
    anyOf?: readonly TSchema[];
    enum?: readonly unknown[];
  };
  if (choices !== undefined) return choices.join(" | ");
  if (anyOf !== undefined) return anyOf.map(typeOf).join(" or ");
  return type === "array" && items !== undefined ? `list of ${typeOf(items)}` : (type ?? "any");
}

/** Text with `code` in it. */
function inline(text: string): string {
  return escapeHtml(text).replaceAll(/`([^`]+)`/g, "<code>$1</code>");
}

const style = `
:root{color-scheme:light dark;--line:#8884;--soft:#8881;--accent:#3b6fd4}
*{box-sizing:border-box}
body{margin:0;font:15px/1.55 system-ui,sans-serif;display:grid;grid-template-columns:18rem minmax(0,1fr)}
nav{position:sticky;top:0;height:100vh;overflow:auto;padding:1.5rem;border-right:1px solid var(--line);font-size:14px}
nav h1{font-size:1.15rem;margin:0}nav ul{list-style:none;padding:0;margin:.5rem 0}nav ul ul{margin:.1rem 0 1rem}
main{padding:2rem 3rem;max-width:62rem}
a{color:var(--accent);text-decoration:none}a:hover{text-decoration:underline}
article{border:1px solid var(--line);border-radius:10px;padding:0 1.25rem 1rem;margin:1.25rem 0;scroll-margin-top:1rem}
h2{margin:2.5rem 0 .25rem}h3{margin:1rem 0 .25rem}h4{margin:1rem 0 .25rem;font-size:.85rem;opacity:.75}
code{font:13px/1.4 ui-monospace,monospace;background:var(--soft);padding:.1em .3em;border-radius:4px}
pre{background:var(--soft);padding:.6rem .8rem;border-radius:6px;overflow-x:auto;font:13px/1.5 ui-monospace,monospace}
.call{display:flex;gap:.6rem;align-items:center;overflow-x:auto}.call code{background:none;font-size:14px}
.call span{font:600 12px/1 ui-monospace,monospace;color:#fff;padding:.35em .6em;border-radius:5px}
.GET{background:#2f7d4f}.POST{background:#3b6fd4}.PUT{background:#a0670f}.PATCH{background:#7b52ab}.DELETE{background:#b23a3a}
table{border-collapse:collapse;width:100%}td{border-top:1px solid var(--line);padding:.35rem .6rem .35rem 0;vertical-align:top}
td:first-child{white-space:nowrap;width:1%;padding-right:1.5rem}em{font-size:.8em;opacity:.7}
@media(max-width:50rem){body{display:block}nav{position:static;height:auto}main{padding:1rem}}
`;
