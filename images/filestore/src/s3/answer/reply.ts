/** What an operation answers. */
export interface Reply {
  readonly status: number;
  readonly headers: Record<string, string>;
  /** Text, or chunks that are read as fast as the client takes them; its length is in the headers then. */
  readonly body?: string | Buffer | AsyncIterable<Buffer>;
}

export const namespace = "http://s3.amazonaws.com/doc/2006-03-01/";

export function xmlReply(body: string, headers: Record<string, string> = {}): Reply {
  return { status: 200, headers: { "content-type": "application/xml", ...headers }, body };
}

export function emptyReply(status: 200 | 204, headers: Record<string, string> = {}): Reply {
  return { status, headers };
}

/** `2026-01-02T03:04:05.000Z`, as in XML. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
