import type { Readable } from "node:stream";

/** What a handler answers. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer | Readable | undefined;
}

type Headers = Readonly<Record<string, string>>;

/** A JSON body. */
export function json(status: number, value: unknown, headers: Headers = {}): Answer {
  return {
    status,
    headers: { "content-type": "application/json", ...headers },
    body: `${JSON.stringify(value)}\n`,
  };
}

/** A body of any type; a stream is destroyed when the client leaves. */
export function content(
  status: number,
  mediaType: string,
  body: string | Buffer | Readable,
  headers: Headers = {},
): Answer {
  return { status, headers: { "content-type": mediaType, ...headers }, body };
}

/** No body: 204, 304. */
export function empty(status: 204 | 304, headers: Headers = {}): Answer {
  return { status, headers, body: undefined };
}
