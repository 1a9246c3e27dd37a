import { escapeHtml } from "./escape-html.ts";
import type { Page } from "./http-server.ts";
import { type ApiInfo, openApiDocument } from "./openapi.ts";
import { documentationPage } from "./openapi-page.ts";
import type { Route } from "./route.ts";

/** What a browser finds that was only given host and port. */
function frontPage({ title, prefix }: ApiInfo): string {
  const name = escapeHtml(title);
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${name}</title></head>
<body><h1>${name}</h1><p>The API begins at <code>${prefix}</code>: <a href="${prefix}/docs">how it is used</a>, <a href="${prefix}/openapi.json">openapi.json</a>.</p></body></html>
`;
}

/** The description of an API, for programs and for people; needs no token. */
export function descriptionPages(routes: readonly Route[], info: ApiInfo): Record<string, Page> {
  const headers = { "cache-control": "no-cache" };
  return {
    "/": {
      mediaType: "text/html; charset=utf-8",
      text: frontPage(info),
      headers: { ...headers, "content-security-policy": "default-src 'none'" },
    },
    [`${info.prefix}/openapi.json`]: {
      mediaType: "application/json",
      text: JSON.stringify(openApiDocument(routes, info)),
      headers,
    },
    [`${info.prefix}/docs`]: {
      mediaType: "text/html; charset=utf-8",
      text: documentationPage(routes, info),
      headers: { ...headers, "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'" },
    },
  };
}
