import type { IncomingHttpHeaders } from "node:http";

type Headers = Readonly<Record<string, string>>;

/** How long a browser may go by the answer to its question, in seconds. */
const maxAgeSeconds = 600;

/**
 * Lets pages of other origins call an API from a browser (Fetch Standard, "CORS protocol"). Users are told by a header that the page
 * sets itself, never by what a browser adds on its own, so credentials need no consent.
 */
export class Cors {
  readonly #origins: ReadonlySet<string>;
  readonly #all: boolean;

  /** @param origins - as browsers write them, `https://host[:port]`; `*` is all of them. */
  constructor(origins: readonly string[]) {
    this.#origins = new Set(origins.map((origin) => origin.toLowerCase()));
    this.#all = this.#origins.has("*");
  }

  /** What every answer gets beside its own headers, mistakes included: a page is to read them. */
  headersFor({ origin }: IncomingHttpHeaders, own: Headers): Headers {
    if (this.#origins.size === 0) return {};
    const headers = { "access-control-allow-origin": "*", "access-control-expose-headers": "*" };
    if (this.#all) return headers;
    const vary = own.vary === undefined ? "Origin" : `${own.vary}, Origin`;
    if (origin === undefined || !this.#origins.has(origin.toLowerCase())) return { vary };
    return { ...headers, "access-control-allow-origin": origin, vary };
  }

  /** The answer's part to a browser that asks, before a request, whether a page may make it; none to anybody else. */
  preflight(asked: IncomingHttpHeaders, methods: string): Headers {
    if (this.#origins.size === 0 || asked["access-control-request-method"] === undefined) return {};
    const headers = asked["access-control-request-headers"];
    return {
      "access-control-allow-methods": methods,
      ...(headers !== undefined && { "access-control-allow-headers": headers }),
      "access-control-max-age": String(maxAgeSeconds),
    };
  }
}
